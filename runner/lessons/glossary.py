"""Read the glossary (`labs/glossary.md` or `glossary.zh.md`) and find its terms in the text of lessons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from runner import paths
from runner.lessons.links import RESERVED_ANCHORS
from runner.lessons.problems import Problem
from runner.lessons.translation import ENGLISH

_HEADING = re.compile(r"^##\s+(?P<names>.+?)\s+\{#(?P<id>[a-z][a-z0-9-]*)\}\s*$")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the glossary.

    Attributes:
        id: Its anchor on the glossary page.
        names: The names that are linked to it where a lesson uses them; the first is the entry's title.
        excluded_phrases: Phrases that contain one of the names but mean something else, such as 'layer 4'.
        definition: Its definition, as Markdown.
        line: The line of its heading in the file, counted from 1.

    """

    id: str
    names: tuple[str, ...]
    excluded_phrases: tuple[str, ...]
    definition: str
    line: int


@dataclass(frozen=True)
class Glossary:
    """All terms of one language, in file order."""

    path: Path
    terms: tuple[Term, ...] = ()

    @cached_property
    def term_ids(self) -> frozenset[str]:
        """The anchors of all terms."""
        return frozenset(term.id for term in self.terms)

    @cached_property
    def _ids_by_phrase(self) -> dict[str, str | None]:
        """Return the term id of every name, and None for every excluded phrase; keys are case-folded."""
        excluded: dict[str, str | None] = {
            phrase.casefold(): None for term in self.terms for phrase in term.excluded_phrases
        }
        return excluded | {name.casefold(): term.id for term in self.terms for name in term.names}

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.terms:
            return None
        # The longest phrase first, so that 'overlay network' does not match as 'network', nor 'layer 4' as 'layer'.
        phrases = sorted(self._ids_by_phrase, key=len, reverse=True)
        ascii_phrases = "|".join(re.escape(phrase) for phrase in phrases if phrase.isascii())
        # Chinese text has no word boundaries to match.
        other_phrases = [re.escape(phrase) for phrase in phrases if not phrase.isascii()]
        patterns = [rf"(?<![\w-])(?:{ascii_phrases})(?![\w-])"] if ascii_phrases else []
        return re.compile("|".join([*patterns, *other_phrases]), re.IGNORECASE | re.ASCII)

    def find_term_mentions(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield every mention of a term in a text, as (start, end, term id)."""
        for match in self._pattern.finditer(text) if self._pattern else ():
            term_id = self._ids_by_phrase[match[0].casefold()]
            if term_id is not None:
                yield match.start(), match.end(), term_id


def load_glossary(language: str) -> tuple[Glossary, list[Problem]]:
    """Return the glossary in a language, or the English one if it is not translated, and every problem in its file."""
    folder = paths.labs_folder()
    path = folder / ("glossary.md" if language == ENGLISH else f"glossary.{language}.md")
    return parse_glossary(path if path.exists() else folder / "glossary.md")


def parse_glossary(path: Path) -> tuple[Glossary, list[Problem]]:
    """Parse a glossary file.

    Each term is a second-level heading `## Term, other names, !excluded phrase {#id}` followed by its definition.

    Returns:
        The glossary, empty if the file does not exist, and every problem found in the file.

    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except FileNotFoundError:
        return Glossary(path), []
    except (UnicodeDecodeError, OSError) as error:
        return Glossary(path), [Problem(path, 1, f"the file cannot be read: {error}")]
    starts = [index for index, line in enumerate(lines) if line.startswith("## ")]
    terms: dict[str, Term] = {}
    problems: list[Problem] = []
    for start, end in pairwise([*starts, len(lines)]):
        match = _HEADING.match(lines[start])
        names, excluded = _split_names(match["names"]) if match else ((), ())
        if match is None or not names:
            problems.append(Problem(path, start + 1, "a term's heading must end with its id: '## Term {#id}'"))
        elif match["id"] in RESERVED_ANCHORS:
            problems.append(Problem(path, start + 1, f"the id '{match['id']}' is reserved by the page"))
        elif match["id"] in terms:
            problems.append(Problem(path, start + 1, f"the id '{match['id']}' is already used"))
        else:
            definition = "\n".join(lines[start + 1 : end]).strip("\n")
            terms[match["id"]] = Term(match["id"], names, excluded, definition, start + 1)
    return Glossary(path, tuple(terms.values())), problems


def _split_names(heading: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a heading into the term's names and its excluded phrases, which are marked with `!`."""
    phrases = [phrase.strip() for phrase in re.split("[,、]", heading)]
    excluded = tuple(phrase.removeprefix("!") for phrase in phrases if phrase.startswith("!"))
    return tuple(phrase for phrase in phrases if phrase and not phrase.startswith("!")), excluded
