"""Selecting hints by check results."""

from __future__ import annotations

import pytest

from runner.checking.results import CheckResult, Outcome
from runner.lessons.model import Hint, Step
from runner.progress import hint_selection

WEAK, STRONG = Hint("Look up.", 1), Hint("Type it.", 9)
NAMED = Hint("It needs a name.", 3, check_name="test_named")
WORKER = Hint("That is a worker.", 5, check_name="test_role", says="is a worker")
ANY = Hint("It is off.", 7, says="off")
STEP = Step("look", "Look", 1, (WEAK, NAMED, WORKER, ANY, STRONG))


def failed(check: str, observed: str = "", step: str = "look") -> CheckResult:
    """Return a failed result."""
    return CheckResult(check, step, "It works", Outcome.FAILED, observed=observed, expected="it works")


@pytest.mark.parametrize(
    ("results", "matching"),
    [
        ([], [WEAK, STRONG]),
        ([failed("test_other")], [WEAK, STRONG]),
        ([failed("test_named")], [WEAK, NAMED, STRONG]),
        ([failed("test_role", "node2 is a manager")], [WEAK, STRONG]),
        ([failed("test_role", "node2 is a worker")], [WEAK, WORKER, STRONG]),
        ([failed("test_named", "node2 is a worker")], [WEAK, NAMED, STRONG]),
        ([failed("test_other", "it is off")], [WEAK, ANY, STRONG]),
        ([failed("test_named"), failed("test_role", "it is a worker")], [WEAK, NAMED, WORKER, STRONG]),
        ([failed("test_named", step="find")], [WEAK, STRONG]),
    ],
)
def test_matching(results: list[CheckResult], matching: list[Hint]) -> None:
    """A hint with a condition matches only while a check of its step fails that way; other hints always match."""
    assert matching == list(hint_selection.select_hints(STEP, results, ()).matching)


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.ERROR, Outcome.SKIPPED])
def test_not_failed(outcome: Outcome) -> None:
    """Passed, skipped and errored checks do not count as failed."""
    assert NAMED not in hint_selection.select_hints(STEP, [CheckResult("test_named", "look", "", outcome)], ()).matching


def test_next_hint() -> None:
    """The next hint is the weakest matching hint that was not shown, until none is left."""
    shown: set[str] = set()
    requested = []
    while (selection := hint_selection.select_hints(STEP, [failed("test_named")], shown)).next_hint:
        requested.append(selection.next_hint)
        shown.add(hint_selection.compute_hint_id(selection.next_hint))
    assert ([WEAK, NAMED, STRONG], (WEAK, NAMED, STRONG), ()) == (requested, selection.shown, selection.remaining)


def test_later_condition() -> None:
    """A hint that starts to match after stronger ones were shown comes next."""
    assert (
        NAMED
        is hint_selection.select_hints(
            STEP, [failed("test_named")], {hint_selection.compute_hint_id(WEAK), hint_selection.compute_hint_id(STRONG)}
        ).next_hint
    )


def test_hint_id() -> None:
    """A hint keeps its id when it moves in the lesson, and gets a new one when its text changes."""
    assert hint_selection.compute_hint_id(WEAK) == hint_selection.compute_hint_id(Hint(WEAK.text, 99))
    assert hint_selection.compute_hint_id(WEAK) != hint_selection.compute_hint_id(STRONG)
