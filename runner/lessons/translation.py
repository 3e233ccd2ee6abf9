"""Lessons in other languages: `lesson.zh.md` beside `lesson.md`, the same commands in other words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from runner.lessons import markdown_page as pages
from runner.lessons import parse
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import Command, Hint, Lab, Lesson, LessonPart, Picture, Prose, Step
from runner.lessons.problems import BrokenLessonError, Problem

_NAMES = {Command: "shell block", Hint: "hint", Picture: "picture"}


@dataclass(frozen=True, slots=True)
class Translation:
    """A lesson in another language.

    Attributes:
        path: Its file.
        lesson: What it says, with all that languages share.
        stale: Whether the English lesson has changed since it was translated.
        line: The line on which it names the English lesson it was made from.

    """

    path: Path
    lesson: Lesson
    is_stale: bool
    digest_line: int


def translation_path(folder: Path, language: str) -> Path:
    """Return where a lab's lesson in a language lies, or would lie."""
    return folder / f"lesson.{language}.md"


def list_languages(folder: Path) -> list[str]:
    """Return the languages that a lab's lesson is translated into."""
    return sorted(path.name.split(".")[1] for path in folder.glob("lesson.?*.md"))


def find_missing_translations(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Return, for each language that some of these labs are translated into, the labs that are not."""
    found = {folder: list_languages(folder) for folder in folders}
    known = sorted({language for spoken in found.values() for language in spoken})
    wanting = {language: [folder for folder, spoken in found.items() if language not in spoken] for language in known}
    return {language: labs for language, labs in wanting.items() if labs}


def hash_lesson(folder: Path) -> str:
    """Return what tells the English lesson as it is now from what it was."""
    return hashlib.sha256((folder / "lesson.md").read_bytes()).hexdigest()[:12]


def load_translation(lab: Lab, language: str) -> Translation | None:
    """Read a lab's lesson in another language; None where there is none.

    Raises:
        BrokenLessonError: With every problem of the file, as `file:line: message`.

    """
    path = translation_path(lab.folder, language)
    if not path.exists():
        return None
    page, translation = parse_translation_leniently(lab, path)
    if page.problems:
        raise BrokenLessonError(lab.name, page.problems)
    return translation


def parse_translation_leniently(lab: Lab, path: Path) -> tuple[MarkdownPage, Translation]:
    """Read a translation as far as it can be read.

    Returns:
        The page, which tells what is wrong, and the translation, empty where its front matter is not sound.

    Raises:
        BrokenLessonError: There is no text to be read.

    """
    page = pages.read_page(path, lab.name, "translation.schema.json", lab.lesson.topology.names, lab.values)
    steps = tuple(parse.parse_steps(page))
    intro = tuple(page.sections[0].parts)
    page.problems.extend(_differences(path, intro, steps, lab.lesson))
    data = page.front_matter if page.has_valid_front_matter else {"title": "", "summary": "", "translates": ""}
    lesson = replace(lab.lesson, title=data["title"], summary=data["summary"], intro=intro, steps=steps)
    return page, Translation(
        path, lesson, data["translates"] != hash_lesson(lab.folder), page.find_key_line("translates")
    )


def _differences(path: Path, intro: Sequence[LessonPart], steps: Sequence[Step], original: Lesson) -> list[Problem]:
    problems = _of_parts(path, 1, intro, original.intro)
    for mine, theirs in zip_longest(steps, original.steps):
        if mine is None or theirs is None or mine.id != theirs.id:
            line = mine.line if mine else 1
            wanted = f"the step '{theirs.id}', as in lesson.md:{theirs.line}" if theirs else "no further step"
            problems.append(Problem(path, line, f"here must stand {wanted}"))
            break
        problems += _of_parts(path, mine.line, mine.parts, theirs.parts)
    return problems


def _of_parts(path: Path, line: int, mine: Sequence[LessonPart], theirs: Sequence[LessonPart]) -> list[Problem]:
    """Return the first difference: what follows it would only be told a second time."""
    for one, other in zip_longest(_blocks(mine), _blocks(theirs)):
        if other is None:
            return [Problem(path, one.line, f"lesson.md has no such {_NAMES[type(one)]}")]
        name = _NAMES[type(other)]
        if one is None:
            return [Problem(path, line, f"the {name} of lesson.md:{other.line} is missing in this step")]
        if _shared(one) != _shared(other):
            return [Problem(path, one.line, f"this differs from the {name} of lesson.md:{other.line}")]
    return []


def _blocks(parts: Sequence[LessonPart]) -> list[Command | Hint | Picture]:
    return [part for part in parts if not isinstance(part, Prose)]


def _shared(part: Command | Hint | Picture) -> LessonPart:
    """Return what is the same in every language: all of a block but its line, and of a hint what it is for."""
    return replace(part, line=0, text="") if isinstance(part, Hint) else replace(part, line=0)
