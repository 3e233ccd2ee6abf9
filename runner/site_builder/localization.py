"""Every lab in every language, and how far each translation can be trusted."""

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

ENGLISH = "en"


class TranslationState(StrEnum):
    """How an edition stands to the English lesson."""

    ORIGINAL = "original"
    CURRENT = "fresh"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class LocalizedLab:
    """A lab in one language.

    Attributes:
        lab: The lab.
        language: The language of the pages.
        lesson: What they say; the English lesson where the translation is missing.
        file: Where that stands.
        state: How it stands to the English lesson.

    """

    lab: Lab
    language: str
    lesson: Lesson
    source_file: Path
    translation_state: TranslationState

    @property
    def content_language(self) -> str:
        """The language that the lesson is really in."""
        return ENGLISH if self.translation_state is TranslationState.MISSING else self.language


def load_labs(load: Callable[[str], Lab] = catalog.load_lab) -> list[Lab]:
    """Return all labs, in the order they are learnt.

    Args:
        load: Reads a lab by its name.

    Raises:
        BrokenLabError: With every problem of every lesson.
        UsageError: There is no folder with labs.
        OSError: It, or a lab's folder, cannot be read.

    """
    _look_into(paths.labs_folder())
    found: list[Lab] = []
    problems = [*_lessons_gone(paths.labs_folder())]
    names = catalog.list_names_by_prerequisite()
    for name in names:
        try:
            found.append(load(name))
        except BrokenLessonError as error:
            problems += error.problems
    problems += (problem for lab in found for problem in _labs_gone(lab, names))
    if problems:
        raise build_error(problems)
    return found


def _lessons_gone(folder: Path) -> Iterator[Problem]:
    """Find labs whose lessons are not there: their folders would be taken for none, and the site be without them."""
    for script in sorted(folder.glob("*/setup.sh")):
        if not (script.parent / "lesson.md").exists():
            yield Problem(script.parent / "lesson.md", 1, "the file is missing, though its lab's setup.sh is there")


def _labs_gone(lab: Lab, names: Sequence[str]) -> Iterator[Problem]:
    """Find labs that should come before a lab and are not there, so that its page could not lead to them."""
    path = lab.folder / "lesson.md"
    for name in lab.lesson.prerequisites:
        if name not in names:
            lines = enumerate(path.read_text("utf-8-sig").split("\n"), 1)
            line = next((number for number, text in lines if text.startswith("after:")), 1)
            yield Problem(path, line, f"there is no lab '{name}' to come before this one")


def _look_into(folder: Path) -> None:
    """Open every folder once: whoever searches them takes one that cannot be read for an empty one."""
    if not folder.is_dir():
        message = f"There is no folder {folder}, so there are no lessons to make pages of."
        raise UsageError(message, "'labs --labs DIR' and LABS_ROOT name the folder that holds 'labs' and 'checks'.")
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            next(path.iterdir(), None)


def build_error(problems: Sequence[Problem]) -> BrokenLabError:
    """Make the one error that tells all that keeps the site from being built."""
    told = sort_problems(problems)
    many = f"{len(told)} problems keep" if len(told) > 1 else "A problem keeps"
    listed = "\n".join(map(str, told))
    return BrokenLabError(f"{many} the site from being built:\n{listed}", "Mend the files, then type this again.")


def list_languages(labs: Iterable[Lab]) -> list[str]:
    """Return English, and every language that some lesson is translated into."""
    others = {language for lab in labs for language in translation.list_languages(lab.folder)}
    return [ENGLISH, *sorted(others)]


def localize_lab(lab: Lab, language: str) -> LocalizedLab:
    """Return a lab in a language.

    Raises:
        BrokenLessonError: With every problem of the translation.

    """
    english = lab.folder / "lesson.md"
    if language == ENGLISH:
        return LocalizedLab(lab, language, lab.lesson, english, TranslationState.ORIGINAL)
    read = translation.load_translation(lab, language)
    if read is None:
        return LocalizedLab(lab, language, lab.lesson, english, TranslationState.MISSING)
    return LocalizedLab(lab, language, read.lesson, read.path, TranslationState.STALE if read.is_stale else TranslationState.CURRENT)
