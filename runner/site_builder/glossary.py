"""Terms and what they mean: `glossary.md` beside the labs, linked from where a page first uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runner.lessons.problems import Problem
from runner.site_builder.links import OF_THE_PAGE

_HEADING = re.compile(r"^##\s+(?P<words>.+?)\s+\{#(?P<id>[a-z][a-z0-9-]*)\}\s*$")


@dataclass(frozen=True, slots=True)
class Term:
    """One entry.

    Attributes:
        id: Its anchor.
        words: The words that lead to it, the term itself first.
        others: Words with one of these in them that mean something else, such as 'layer 4'.
        text: What it means, as Markdown.
        line: The line of its heading.

    """

    id: str
    words: tuple[str, ...]
    others: tuple[str, ...]
    text: str
    line: int


@dataclass(frozen=True)
class Glossary:
    """All terms of one language, in the order of its file."""

    path: Path
    terms: tuple[Term, ...] = ()

    @cached_property
    def ids(self) -> frozenset[str]:
        """The anchors there are."""
        return frozenset(term.id for term in self.terms)

    @cached_property
    def _by_word(self) -> dict[str, str | None]:
        others: dict[str, str | None] = {word.casefold(): None for term in self.terms for word in term.others}
        return others | {word.casefold(): term.id for term in self.terms for word in term.words}

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.terms:
            return None
        # The longest first, so that 'overlay network' is not taken for 'network', nor 'layer 4' for 'layer'.
        words = sorted(self._by_word, key=len, reverse=True)
        spaced = "|".join(re.escape(word) for word in words if word.isascii())
        # Between Chinese characters there is no end of a word to look for.
        others = [re.escape(word) for word in words if not word.isascii()]
        patterns = [rf"(?<![\w-])(?:{spaced})(?![\w-])"] if spaced else []
        return re.compile("|".join([*patterns, *others]), re.IGNORECASE | re.ASCII)

    def mentions(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield where a text mentions a term: from, to, and the term's anchor."""
        for match in self._pattern.finditer(text) if self._pattern else ():
            name = self._by_word[match[0].casefold()]
            if name is not None:
                yield match.start(), match.end(), name


def read(path: Path) -> tuple[Glossary, list[Problem]]:
    """Read a glossary: second-level headings `## Term, other words, !what else {#id}`, each followed by what it means.

    Returns:
        The glossary, empty where there is no such file, and what is wrong with it.

    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except FileNotFoundError:
        return Glossary(path), []
    except (UnicodeDecodeError, OSError) as error:
        return Glossary(path), [Problem(path, 1, f"it cannot be read: {error}")]
    starts = [at for at, line in enumerate(lines) if line.startswith("## ")]
    terms: dict[str, Term] = {}
    problems: list[Problem] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        match = _HEADING.match(lines[start])
        words, others = _words(match["words"]) if match else ((), ())
        if match is None or not words:
            problems.append(Problem(path, start + 1, "a term's heading ends with its id: '## Term {#id}'"))
        elif match["id"] in OF_THE_PAGE:
            problems.append(Problem(path, start + 1, f"the id '{match['id']}' is the page's own"))
        elif match["id"] in terms:
            problems.append(Problem(path, start + 1, f"the id '{match['id']}' is taken already"))
        else:
            text = "\n".join(lines[start + 1 : end]).strip("\n")
            terms[match["id"]] = Term(match["id"], words, others, text, start + 1)
    return Glossary(path, tuple(terms.values())), problems


def _words(heading: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of a heading that lead to its term, and those that do not."""
    found = [word.strip() for word in re.split("[,、]", heading)]
    others = tuple(word.removeprefix("!") for word in found if word.startswith("!"))
    return tuple(word for word in found if word and not word.startswith("!")), others
