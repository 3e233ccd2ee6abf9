"""What `labs submit --try` prints about a submission and the learner's cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking.results import Outcome
from runner.cli import _submission_trial
from runner.grading.grade_model import BlockRun, Score
from runner.grading.submission_trial import CheckDifference, TrialResult
from runner.lessons.model import Lab
from tests.support import helpers

_LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
BLOCK = BlockRun(7, "look", "node1", "x\ny", 1, "1\n2\n3\n4\n5\nno \x1b[2J\n", complaint="it exited with 1, not with 0")
DIFFERENCE = CheckDifference(
    "test_looked",
    "look",
    "It is looked at",
    Outcome.PASSED,
    "",
    Outcome.FAILED,
    "on node1: it is not; expected: it is",
    "ls",
    (BLOCK,),
)
LOST = TrialResult(Score(3, 4), Score(2, 4), (DIFFERENCE,), (BLOCK, replace(BLOCK, line=30, step="", output="")))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with the step 'look'."""
    return helpers.make_lab(tmp_path, _LESSON)


def print_result(result: TrialResult, lab: Lab, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that are printed about a result."""
    _submission_trial.print_trial_result(result, lab)
    return capsys.readouterr().out.splitlines()


def test_lost_points(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """A difference is printed with both outcomes, the failed blocks of its step and the end of their output."""
    assert [
        "Your cluster has 3 of 4 points, the submission gets 2 of 4.",
        "Look",
        "  ✗ It is looked at",
        "      your cluster  passed",
        "      submission    failed, on node1: it is not; expected: it is",
        "      see it        ls",
        "submission.md:7: node1: it exited with 1, not with 0",
        "  | 2",
        "  | 3",
        "  | 4",
        "  | 5",
        "  | no \N{REPLACEMENT CHARACTER}[2J",
        "Blocks that failed, without a difference in their step:",
        "submission.md:30: node1: it exited with 1, not with 0",
    ] == print_result(LOST, lab, capsys)


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (TrialResult(Score(3, 4), Score(3, 4)), "Same points as your cluster: 3 of 4."),
        (TrialResult(Score(3, 4), Score(3.5, 4)), "The submission gets 3.5 of 4 points, your cluster has 3 of 4."),
        (replace(LOST, failed_blocks=(), trouble="no space left"), "Cannot compare: no space left"),
    ],
)
def test_verdict(lab: Lab, capsys: pytest.CaptureFixture[str], result: TrialResult, line: str) -> None:
    """Without lost points, one line says it; a trial that failed compares nothing."""
    assert [line] == print_result(result, lab, capsys)
