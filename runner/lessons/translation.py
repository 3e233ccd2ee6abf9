"""Translated lessons: `lesson.zh.md` next to `lesson.md`, with the same commands and translated text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from runner.lessons import markdown_page, parse
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import Command, Hint, Lab, Lesson, LessonPart, Picture, Prose, Step
from runner.lessons.problems import BrokenLessonError, Problem

ENGLISH = "en"
_BLOCK_NAMES = {Command: "shell block", Hint: "hint", Picture: "picture"}


@dataclass(frozen=True, slots=True)
class Translation:
    """A lesson in another language.

    Attributes:
        path: Its file.
        lesson: The translated lesson, including everything that languages share.
        is_stale: Whether the English lesson has changed since it was translated.
        digest_line: The line of `translates`, the hash of the English lesson that was translated.

    """

    path: Path
    lesson: Lesson
    is_stale: bool
    digest_line: int


def build_translation_path(folder: Path, language: str) -> Path:
    """Return the path of a lab's lesson in a language, whether it exists or not."""
    return folder / f"lesson.{language}.md"


def list_translation_languages(folder: Path) -> list[str]:
    """Return the languages into which a lab's lesson is translated."""
    return sorted(path.name.split(".")[1] for path in folder.glob("lesson.?*.md"))


def list_site_languages(folders: Iterable[Path]) -> list[str]:
    """Return the languages of the site, in which at least one lab's lesson exists; English comes first."""
    languages = {language for folder in folders for language in list_translation_languages(folder)}
    return [ENGLISH, *sorted(languages - {ENGLISH})]


def find_missing_translations(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Return, for each language into which some of these labs are translated, the labs that are not."""
    languages = {folder: list_translation_languages(folder) for folder in folders}
    all_languages = sorted({language for names in languages.values() for language in names})
    missing = {
        language: [folder for folder, names in languages.items() if language not in names] for language in all_languages
    }
    return {language: labs for language, labs in missing.items() if labs}


def hash_english_lesson(folder: Path) -> str:
    """Return a short hash of the current English lesson."""
    return hashlib.sha256((folder / "lesson.md").read_bytes()).hexdigest()[:12]


def load_translation(lab: Lab, language: str) -> Translation | None:
    """Return a lab's lesson in another language, or None if there is no translation.

    Raises:
        BrokenLessonError: The file has problems; the error lists all, as `file:line: message`.

    """
    path = build_translation_path(lab.folder, language)
    if not path.exists():
        return None
    page, translation = parse_translation_leniently(lab, path)
    if page.problems:
        raise BrokenLessonError(lab.name, page.problems)
    return translation


def parse_translation_leniently(lab: Lab, path: Path) -> tuple[MarkdownPage, Translation]:
    """Parse a translation even if it has problems.

    Returns:
        The page with its problems, and the translation, without title and summary if its front matter is invalid.

    Raises:
        BrokenLessonError: The file does not exist or is not text.

    """
    node_names = lab.lesson.topology.node_names
    page = markdown_page.read_page(path, lab.name, "translation.schema.json", node_names, lab.values)
    steps = tuple(parse.parse_steps(page))
    intro = tuple(page.sections[0].parts)
    page.problems.extend(_compare_lessons(path, intro, steps, lab.lesson))
    data = page.front_matter if page.has_valid_front_matter else {"title": "", "summary": "", "translates": ""}
    lesson = replace(lab.lesson, title=data["title"], summary=data["summary"], intro=intro, steps=steps)
    is_stale = data["translates"] != hash_english_lesson(lab.folder)
    return page, Translation(path, lesson, is_stale, page.find_front_matter_line_number("translates"))


def _compare_lessons(path: Path, intro: Sequence[LessonPart], steps: Sequence[Step], original: Lesson) -> list[Problem]:
    problems = _compare_blocks(path, 1, intro, original.intro)
    for step, original_step in zip_longest(steps, original.steps):
        if step is None or original_step is None or step.id != original_step.id:
            expected = "no further step"
            if original_step:
                expected = f"the step '{original_step.id}', as in lesson.md:{original_step.line}"
            problems.append(Problem(path, step.line if step else 1, f"expected {expected}"))
            break
        problems += _compare_blocks(path, step.line, step.parts, original_step.parts)
    return problems


def _compare_blocks(
    path: Path, step_line: int, parts: Sequence[LessonPart], original_parts: Sequence[LessonPart]
) -> list[Problem]:
    """Return only the first difference, because the others usually follow from it."""
    for block, original in zip_longest(_list_blocks(parts), _list_blocks(original_parts)):
        if original is None:
            return [Problem(path, block.line, f"lesson.md has no such {_BLOCK_NAMES[type(block)]}")]
        name = _BLOCK_NAMES[type(original)]
        if block is None:
            return [Problem(path, step_line, f"the {name} of lesson.md:{original.line} is missing in this step")]
        if _without_translated_text(block) != _without_translated_text(original):
            return [Problem(path, block.line, f"this block differs from the {name} of lesson.md:{original.line}")]
    return []


def _list_blocks(parts: Sequence[LessonPart]) -> list[Command | Hint | Picture]:
    return [part for part in parts if not isinstance(part, Prose)]


def _without_translated_text(part: Command | Hint | Picture) -> LessonPart:
    """Return the part of a block that is the same in every language: not its line, and not the text of a hint."""
    return replace(part, line=0, text="") if isinstance(part, Hint) else replace(part, line=0)
