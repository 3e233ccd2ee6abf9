"""Which hints help now."""

from __future__ import annotations

import pytest

from runner.checking.results import Outcome, CheckResult
from runner.lessons.model import Hint, Step
from runner.progress import hint_selection

WEAK, STRONG = Hint("Look up.", 1), Hint("Type it.", 9)
NAMED = Hint("It needs a name.", 3, check_name="test_named")
WORKER = Hint("That is a worker.", 5, check_name="test_role", says="is a worker")
ANY = Hint("It is off.", 7, says="off")
STEP = Step("look", "Look", 1, (WEAK, NAMED, WORKER, ANY, STRONG))


def failed(check: str, observed: str = "", step: str = "look") -> CheckResult:
    """Return a failure."""
    return CheckResult(check, step, "It is so", Outcome.FAILED, observed=observed, expected="it is so")


@pytest.mark.parametrize(
    ("results", "fitting"),
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
def test_fitting(results: list[CheckResult], fitting: list[Hint]) -> None:
    """A hint that names a check helps only while that check of its step fails with its words; others always help."""
    assert fitting == list(hint_selection.select_hints(STEP, results, ()).matching)


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.ERROR, Outcome.SKIPPED])
def test_not_failed(outcome: Outcome) -> None:
    """What passes, could not be checked or was skipped has not failed."""
    assert NAMED not in hint_selection.select_hints(STEP, [CheckResult("test_named", "look", "", outcome)], ()).matching


def test_one_more_each_time() -> None:
    """The next hint is the weakest of those that fit and were not shown, until there is none."""
    shown: set[str] = set()
    asked = []
    while (helping := hint_selection.select_hints(STEP, [failed("test_named")], shown)).next_hint:
        asked.append(helping.next_hint)
        shown.add(hint_selection.compute_hint_id(helping.next_hint))
    assert ([WEAK, NAMED, STRONG], (WEAK, NAMED, STRONG), ()) == (asked, helping.shown, helping.remaining)


def test_later_condition() -> None:
    """A hint that begins to fit after stronger ones were shown comes next."""
    assert (
        NAMED
        is hint_selection.select_hints(
            STEP, [failed("test_named")], {hint_selection.compute_hint_id(WEAK), hint_selection.compute_hint_id(STRONG)}
        ).next_hint
    )


def test_mark() -> None:
    """A hint is known again wherever in the lesson it stands, and not once it says something else."""
    assert hint_selection.compute_hint_id(WEAK) == hint_selection.compute_hint_id(Hint(WEAK.text, 99))
    assert hint_selection.compute_hint_id(WEAK) != hint_selection.compute_hint_id(STRONG)
