"""Chooses which hints help now."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from runner.checking.results import Outcome, Result
from runner.lessons.model import Hint, Step


@dataclass(frozen=True, slots=True)
class Help:
    """The hints of a step that help now.

    Attributes:
        fitting: All of them, weakest first.
        seen: Those that were shown already.
        waiting: Those that were not.

    """

    fitting: tuple[Hint, ...]
    seen: tuple[Hint, ...]
    waiting: tuple[Hint, ...]

    @property
    def next(self) -> Hint | None:
        """The hint to show when one more is asked for."""
        return self.waiting[0] if self.waiting else None


def choose(step: Step, results: Iterable[Result], shown: Collection[str]) -> Help:
    """Choose a step's hints.

    Args:
        step: The step.
        results: What its checks find now; none where they could not be run.
        shown: The marks of the hints that were shown already.

    """
    failed = [result for result in results if result.step == step.id and result.outcome is Outcome.FAILED]
    fitting = tuple(hint for hint in step.hints if _fits(hint, failed))
    return Help(
        fitting=fitting,
        seen=tuple(hint for hint in fitting if mark(hint) in shown),
        waiting=tuple(hint for hint in fitting if mark(hint) not in shown),
    )


def mark(hint: Hint) -> str:
    """Return what tells a hint from others also after the lesson was edited around it."""
    return hashlib.sha256(hint.text.encode()).hexdigest()[:12]


def _fits(hint: Hint, failed: Iterable[Result]) -> bool:
    if hint.check is None and hint.says is None:
        return True
    return any(hint.check in (None, result.check) and (hint.says or "") in result.text for result in failed)
