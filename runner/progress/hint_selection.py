"""Chooses which hints help now."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from runner.checking.results import Outcome, CheckResult
from runner.lessons.model import Hint, Step


@dataclass(frozen=True, slots=True)
class HintSelection:
    """The hints of a step that help now.

    Attributes:
        fitting: All of them, weakest first.
        seen: Those that were shown already.
        waiting: Those that were not.

    """

    matching: tuple[Hint, ...]
    shown: tuple[Hint, ...]
    remaining: tuple[Hint, ...]

    @property
    def next_hint(self) -> Hint | None:
        """The hint to show when one more is asked for."""
        return self.remaining[0] if self.remaining else None


def select_hints(step: Step, results: Iterable[CheckResult], shown: Collection[str]) -> HintSelection:
    """Choose a step's hints.

    Args:
        step: The step.
        results: What its checks find now; none where they could not be run.
        shown: The marks of the hints that were shown already.

    """
    failed = [result for result in results if result.step == step.id and result.outcome is Outcome.FAILED]
    fitting = tuple(hint for hint in step.hints if _fits(hint, failed))
    return HintSelection(
        matching=fitting,
        shown=tuple(hint for hint in fitting if compute_hint_id(hint) in shown),
        remaining=tuple(hint for hint in fitting if compute_hint_id(hint) not in shown),
    )


def compute_hint_id(hint: Hint) -> str:
    """Return what tells a hint from others also after the lesson was edited around it."""
    return hashlib.sha256(hint.text.encode()).hexdigest()[:12]


def _fits(hint: Hint, failed: Iterable[CheckResult]) -> bool:
    if hint.check_name is None and hint.says is None:
        return True
    return any(hint.check_name in (None, result.check) and (hint.says or "") in result.message for result in failed)
