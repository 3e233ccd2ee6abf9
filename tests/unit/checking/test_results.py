"""Check results and reports as data."""

from __future__ import annotations

import json

import pytest

from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.errors import ExitCode

PASSED, FAILED, ERROR, SKIPPED = Outcome


def report(*outcomes: Outcome) -> CheckReport:
    """Return a report with one result per outcome, all in one step."""
    results = (CheckResult(f"test_{number}", "look", "It works", outcome) for number, outcome in enumerate(outcomes))
    return CheckReport("tiny", tuple(results))


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], ExitCode.DONE),
        ([PASSED, PASSED], ExitCode.DONE),
        ([PASSED, FAILED], ExitCode.INCOMPLETE),
        ([FAILED, SKIPPED], ExitCode.INCOMPLETE),
        ([PASSED, SKIPPED], ExitCode.INCOMPLETE),
        ([ERROR], ExitCode.HOST),
        ([PASSED, FAILED, ERROR, SKIPPED], ExitCode.HOST),
    ],
)
def test_exit_code(outcomes: list[Outcome], code: ExitCode) -> None:
    """Only passed checks mean success, and an error outweighs unfinished work."""
    assert code is report(*outcomes).exit_code


def test_count() -> None:
    """A report counts each outcome separately."""
    counted = report(PASSED, PASSED, FAILED)
    assert [2, 1, 0, 0] == [counted.count_outcome(outcome) for outcome in Outcome]


def test_step_results() -> None:
    """A report returns the results of one step in order."""
    first, second = CheckResult("a", "look", "", PASSED), CheckResult("b", "find", "", FAILED)
    third = CheckResult("c", "look", "", FAILED)
    assert (first, third) == CheckReport("tiny", (first, second, third)).list_step_results("look")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (CheckResult("a", "look", "", PASSED), ""),
        (CheckResult("a", "look", "", FAILED, observed="2 nodes", expected="3 nodes"), "2 nodes; expected: 3 nodes"),
        (CheckResult("a", "look", "", ERROR, reason="node1 is down."), "node1 is down."),
        (CheckResult("a", "look", "", SKIPPED, reason="first finish 'Look'"), "first finish 'Look'"),
    ],
)
def test_result_text(result: CheckResult, text: str) -> None:
    """The message of a result says what was observed and expected, or why the check did not run."""
    assert text == result.message


def test_json() -> None:
    """A report as JSON has a count for each outcome and all fields of each result."""
    result = CheckResult(
        "test_a", "look", "It works", FAILED, "", "node1", "2 nodes", "3 nodes", "docker node ls", 0.25
    )
    assert {
        "lab": "tiny",
        "counts": {"passed": 0, "failed": 1, "error": 0, "skipped": 0},
        "results": [
            {
                "check": "test_a",
                "step": "look",
                "says": "It works",
                "outcome": "failed",
                "reason": "",
                "node": "node1",
                "observed": "2 nodes",
                "expected": "3 nodes",
                "see": "docker node ls",
                "seconds": 0.25,
                "points": 1.0,
                "bonus": False,
            }
        ],
    } == json.loads(json.dumps(CheckReport("tiny", (result,)).to_json_dict()))
