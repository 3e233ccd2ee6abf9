"""Select the hints that apply to a step's current check results."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from runner.checking.results import CheckResult, Outcome
from runner.lessons.model import Hint, Step


@dataclass(frozen=True, slots=True)
class HintSelection:
    """The hints of a step that apply to its current check results.

    Attributes:
        matching: All hints that apply, weakest first.
        shown: The matching hints that the learner has already seen.
        remaining: The matching hints that the learner has not seen.

    """

    matching: tuple[Hint, ...]
    shown: tuple[Hint, ...]
    remaining: tuple[Hint, ...]

    @property
    def next_hint(self) -> Hint | None:
        """The hint to show when the learner asks for another one."""
        return self.remaining[0] if self.remaining else None


def select_hints(step: Step, results: Iterable[CheckResult], shown_ids: Collection[str]) -> HintSelection:
    """Select a step's hints.

    Args:
        step: The step.
        results: The current results of its checks; empty if they could not run.
        shown_ids: The ids of the hints that were already shown.

    """
    failed = [result for result in results if result.step == step.id and result.outcome is Outcome.FAILED]
    matching = tuple(hint for hint in step.hints if _is_match(hint, failed))
    return HintSelection(
        matching=matching,
        shown=tuple(hint for hint in matching if compute_hint_id(hint) in shown_ids),
        remaining=tuple(hint for hint in matching if compute_hint_id(hint) not in shown_ids),
    )


def compute_hint_id(hint: Hint) -> str:
    """Return an id derived from the hint's text, so that it stays the same when the lesson around it is edited."""
    return hashlib.sha256(hint.text.encode()).hexdigest()[:12]


def _is_match(hint: Hint, failed: Iterable[CheckResult]) -> bool:
    if hint.check_name is None and hint.says is None:
        return True
    return any(hint.check_name in (None, result.check) and (hint.says or "") in result.message for result in failed)
