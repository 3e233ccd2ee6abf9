"""Every lab in every language, and how far each translation can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from runner.errors import BrokenLabError
from runner.lessons import catalog, translated
from runner.lessons.model import Lab, Lesson

ENGLISH = "en"


class State(StrEnum):
    """How an edition stands to the English lesson."""

    ORIGINAL = "original"
    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Edition:
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
    file: Path
    state: State

    @property
    def spoken(self) -> str:
        """The language that the lesson is really in."""
        return ENGLISH if self.state is State.MISSING else self.language


def labs() -> list[Lab]:
    """Return all labs, in the order they are learnt.

    Raises:
        BrokenLabError: With every problem of every lesson.

    """
    found: list[Lab] = []
    told: list[str] = []
    for name in catalog.names():
        try:
            found.append(catalog.load(name))
        except BrokenLabError as error:
            told.append(error.message)
    if told:
        raise BrokenLabError("\n".join(told), "Mend the file, then type this again.")
    return _in_order(found)


def languages(found: Iterable[Lab]) -> list[str]:
    """Return English, and every language that some lesson is translated into."""
    others = {language for lab in found for language in translated.languages(lab.folder)}
    return [ENGLISH, *sorted(others)]


def edition(lab: Lab, language: str) -> Edition:
    """Return a lab in a language.

    Raises:
        BrokenLabError: With every problem of the translation.

    """
    english = lab.folder / "lesson.md"
    if language == ENGLISH:
        return Edition(lab, language, lab.lesson, english, State.ORIGINAL)
    read = translated.read(lab, language)
    if read is None:
        return Edition(lab, language, lab.lesson, english, State.MISSING)
    return Edition(lab, language, read.lesson, read.path, State.STALE if read.stale else State.FRESH)


def _in_order(found: Sequence[Lab]) -> list[Lab]:
    """Return labs, each after those it builds on, and else the easy ones first."""
    levels = ("beginner", "intermediate", "advanced")
    waiting = sorted(found, key=lambda lab: (levels.index(lab.lesson.level), lab.name))
    ordered: list[Lab] = []
    while waiting:
        left = {lab.name for lab in waiting}
        # Labs that wait for each other wait for nothing.
        ready = next((lab for lab in waiting if not left & {*lab.lesson.after}), waiting[0])
        waiting.remove(ready)
        ordered.append(ready)
    return ordered
