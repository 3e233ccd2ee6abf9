"""Load every lab, and pair it with its lesson in each language of the site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError, UsageError
from runner.lessons import catalog, translation
from runner.lessons.model import Lab, Lesson
from runner.lessons.problems import BrokenLessonError, Problem, sort_problems
from runner.lessons.translation import ENGLISH


class TranslationState(StrEnum):
    """How a lesson in one language relates to the English original."""

    ORIGINAL = "original"
    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class LocalizedLab:
    """A lab with its lesson in one language.

    Attributes:
        lab: The lab.
        language: The language code of the pages.
        lesson: The lesson in this language; the English lesson if the translation is missing.
        source_file: The file that the lesson was read from.
        translation_state: How the lesson relates to the English original.

    """

    lab: Lab
    language: str
    lesson: Lesson
    source_file: Path
    translation_state: TranslationState

    @property
    def content_language(self) -> str:
        """The language that the lesson is actually written in."""
        return ENGLISH if self.translation_state is TranslationState.MISSING else self.language


def load_all_labs(load: Callable[[str], Lab] = catalog.load_lab) -> list[Lab]:
    """Return all labs, in learning order.

    Args:
        load: Loads one lab by its name.

    Raises:
        BrokenLabError: Lessons are broken; the message lists every problem of every lesson.
        UsageError: The labs folder does not exist.
        OSError: The labs folder, or a lab's folder, cannot be read.

    """
    _check_readable(paths.labs_folder())
    labs: list[Lab] = []
    problems = [*catalog.find_folders_without_lesson()]
    names = catalog.list_lab_names_in_prerequisite_order()
    for name in names:
        try:
            labs.append(load(name))
        except BrokenLessonError as error:
            problems += error.problems
    problems += (problem for lab in labs for problem in _find_missing_prerequisites(lab, names))
    languages = translation.list_site_languages(lab.folder for lab in labs)
    problems += (problem for lab in labs for problem in catalog.find_reserved_name_problems(lab.folder, languages))
    if problems:
        raise create_build_error(problems)
    return labs


def _find_missing_prerequisites(lab: Lab, names: Sequence[str]) -> Iterator[Problem]:
    """Yield prerequisites of a lab that do not exist, which its page could not link to."""
    path = lab.folder / "lesson.md"
    for name in lab.lesson.prerequisites:
        if name not in names:
            lines = enumerate(path.read_text("utf-8-sig").split("\n"), 1)
            line = next((number for number, text in lines if text.startswith("after:")), 1)
            yield Problem(path, line, f"the lab '{name}', which should come before this one, does not exist")


def _check_readable(folder: Path) -> None:
    """Open every folder once: `glob` treats a folder that cannot be read as an empty one."""
    if not folder.is_dir():
        message = f"The labs folder {folder} does not exist, so there are no lessons to build the site from."
        advice = "Pass --labs DIR or set LABS_ROOT to the folder that contains 'labs' and 'checks'."
        raise UsageError(message, advice)
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            next(path.iterdir(), None)


def create_build_error(problems: Sequence[Problem]) -> BrokenLabError:
    """Return the error that lists every problem that prevents the site from being built."""
    sorted_problems = sort_problems(problems)
    count = f"{len(sorted_problems)} problems" if len(sorted_problems) > 1 else "1 problem"
    lines = "\n".join(map(str, sorted_problems))
    return BrokenLabError(f"The site was not built because of {count}:\n{lines}", "Fix the files, then retry.")


def list_step_ids(labs: Iterable[Lab]) -> dict[str, frozenset[str]]:
    """Return the step ids of every lab, by lab name."""
    return {lab.name: frozenset(step.id for step in lab.lesson.steps) for lab in labs}


def localize_lab(lab: Lab, language: str) -> LocalizedLab:
    """Return a lab with its lesson in a language.

    Raises:
        BrokenLessonError: The translation is broken; the error has every problem.

    """
    english_file = lab.folder / "lesson.md"
    if language == ENGLISH:
        return LocalizedLab(lab, language, lab.lesson, english_file, TranslationState.ORIGINAL)
    translated = translation.load_translation(lab, language)
    if translated is None:
        return LocalizedLab(lab, language, lab.lesson, english_file, TranslationState.MISSING)
    state = TranslationState.STALE if translated.is_stale else TranslationState.CURRENT
    return LocalizedLab(lab, language, translated.lesson, translated.path, state)
