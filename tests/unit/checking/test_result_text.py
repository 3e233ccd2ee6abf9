"""The texts that describe check results."""

from __future__ import annotations

import pytest

from runner.checking import result_text
from runner.checking.result_text import DetailLine
from runner.checking.results import CheckReport, CheckResult, Outcome

PASSED, FAILED, ERROR, SKIPPED = Outcome
NODE_FAILURE = CheckResult(
    "test_a", "look", "It runs", FAILED, node="node2", observed="2 nodes", expected="3 nodes", see="docker node ls"
)
FAILURE = CheckResult("test_a", "look", "It runs", FAILED, observed="2 nodes", expected="3 nodes")


@pytest.mark.parametrize(
    ("result", "details"),
    [
        (
            NODE_FAILURE,
            [
                DetailLine("on node2", "2 nodes"),
                DetailLine("expected", "3 nodes"),
                DetailLine("see it", "docker node ls", is_command=True),
            ],
        ),
        (FAILURE, [DetailLine("seen", "2 nodes"), DetailLine("expected", "3 nodes")]),
        (
            CheckResult("test_a", "look", "It runs", ERROR, reason="node1 is down."),
            [DetailLine("could not check:", "node1 is down.")],
        ),
        (CheckResult("test_a", "look", "It runs", PASSED), []),
        (CheckResult("test_a", "look", "It runs", SKIPPED, reason="first finish 'Look'"), []),
    ],
)
def test_details(result: CheckResult, details: list[DetailLine]) -> None:
    """A failed check has a line for each known fact, an error has its reason, and other checks have no details."""
    assert details == result_text.list_detail_lines(result)


@pytest.mark.parametrize(
    ("outcome", "message", "node", "text"),
    [
        (FAILED, "2 nodes; expected: 3 nodes", "node2", "on node2: 2 nodes; expected: 3 nodes"),
        (FAILED, "2 nodes; expected: 3 nodes", "", "2 nodes; expected: 3 nodes"),
        (ERROR, "node1 is down.", "node1", "could not be checked: node1 is down."),
        (ERROR, "", "", "could not be checked"),
        (SKIPPED, "first finish 'Look'", "", "first finish 'Look'"),
    ],
)
def test_outcome(outcome: Outcome, message: str, node: str, text: str) -> None:
    """One line says on which node a check failed and why, or why it could not run."""
    assert text == result_text.explain_unpassed_check(outcome, message, node)


def test_skip_reason() -> None:
    """A step is blocked only if all its checks were skipped."""
    skipped = CheckResult("test_a", "find", "It runs", SKIPPED, reason="first finish 'Look'")
    assert "first finish 'Look'" == result_text.find_step_skip_reason([skipped, skipped])
    assert "" == result_text.find_step_skip_reason([skipped, NODE_FAILURE])
    assert "" == result_text.find_step_skip_reason([])


@pytest.mark.parametrize(
    ("outcomes", "summary"),
    [
        ([PASSED], "The check passed."),
        ([PASSED, PASSED], "All 2 checks passed."),
        ([PASSED, FAILED, ERROR, SKIPPED], "1 of 4 checks passed, 1 failed, 1 could not run, 1 skipped."),
        ([PASSED, SKIPPED], "1 of 2 checks passed, 1 skipped."),
    ],
)
def test_summary(outcomes: list[Outcome], summary: str) -> None:
    """The summary counts the checks that passed, failed, could not run or were skipped."""
    results = (CheckResult(f"test_{index}", "look", "", outcome) for index, outcome in enumerate(outcomes))
    assert summary == result_text.summarize_outcomes(CheckReport("tiny", tuple(results)))
