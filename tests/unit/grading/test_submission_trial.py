"""Comparing the points of a submission with those of the learner's cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.errors import ExitCode, UsageError
from runner.grading import submission_trial
from runner.grading.grade_model import BlockRun, Grade, Mark
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.nodes.driver_interface import Cluster, ClusterId
from tests.support import helpers
from tests.support.labs_command import LABS_TREE

PASSED, FAILED, ERROR, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED
BROKEN_BLOCK = BlockRun(7, "one", "node1", "false", 1, "no\n", complaint="it exited with 1, not with 0")
OTHER_BLOCK = replace(BROKEN_BLOCK, line=20, step="two")


def make_report(*outcomes: Outcome) -> CheckReport:
    """Return the results of a cluster: two checks of the step 'one', one of 'two', one for a bonus."""
    return CheckReport(
        "tiny",
        tuple(
            CheckResult(
                f"test_{number}",
                "one" if number < 2 else "two",
                f"Check {number}",
                outcome,
                node="node1" if outcome is FAILED else "",
                observed="1" if outcome is FAILED else "",
                expected="2" if outcome is FAILED else "",
                reason="it is gone" if outcome is ERROR else "",
                points=2 if number == 1 else 1,
                bonus=number == 3,
            )
            for number, outcome in enumerate(outcomes)
        ),
    )


def make_grade(*outcomes: Outcome, runs: tuple[BlockRun, ...] = ()) -> Grade:
    """Return the grade with these outcomes of the same checks."""
    marks = tuple(
        Mark(
            result.check,
            result.step,
            result.says,
            result.outcome,
            result.points,
            result.bonus,
            result.message,
            result.node,
            "docker info" if result.outcome is FAILED else "",
        )
        for result in make_report(*outcomes).results
    )
    return Grade("tiny", "tiny", "docker", marks, runs=runs)


def test_same_points() -> None:
    """Without a difference there is nothing to name, even where checks fail on both clusters."""
    result = submission_trial.compare_with_cluster(
        make_report(PASSED, FAILED, PASSED, PASSED), make_grade(PASSED, FAILED, PASSED, PASSED, runs=(BROKEN_BLOCK,))
    )
    assert (3, 4) == (result.submission_score.earned, result.submission_score.possible)
    assert result.cluster_score == result.submission_score
    assert (ExitCode.DONE, (), (BROKEN_BLOCK,)) == (result.exit_code, result.differences, result.other_failed_blocks)


def test_lost_points() -> None:
    """A check that passes only on the learner's cluster is named, with the reason and the failed blocks of its step."""
    result = submission_trial.compare_with_cluster(
        make_report(PASSED, PASSED, PASSED, PASSED),
        make_grade(
            PASSED, FAILED, PASSED, PASSED, runs=(BROKEN_BLOCK, OTHER_BLOCK, replace(OTHER_BLOCK, complaint=""))
        ),
    )
    assert (ExitCode.INCOMPLETE, 5, 3) == (
        result.exit_code,
        result.cluster_score.earned,
        result.submission_score.earned,
    )
    (difference,) = result.differences
    assert ("test_1", "one", PASSED, FAILED) == (
        difference.check,
        difference.step,
        difference.on_cluster,
        difference.in_submission,
    )
    assert ("", "on node1: 1; expected: 2", "docker info") == (
        difference.cluster_text,
        difference.submission_text,
        difference.see,
    )
    assert (True, (BROKEN_BLOCK,), (OTHER_BLOCK,)) == (
        difference.is_loss,
        difference.failed_blocks,
        result.other_failed_blocks,
    )


@pytest.mark.parametrize(
    ("on_cluster", "in_submission", "exit_code"),
    [
        ((FAILED, PASSED), (PASSED, PASSED), ExitCode.DONE),
        ((FAILED, PASSED), (PASSED, FAILED), ExitCode.INCOMPLETE),
        ((PASSED, FAILED), (FAILED, PASSED), ExitCode.DONE),
        ((PASSED, FAILED), (SKIPPED, FAILED), ExitCode.INCOMPLETE),
        ((ERROR, PASSED), (PASSED, PASSED), ExitCode.HOST),
        ((PASSED, PASSED), (PASSED, ERROR), ExitCode.HOST),
    ],
)
def test_exit_code(on_cluster: tuple[Outcome, ...], in_submission: tuple[Outcome, ...], exit_code: ExitCode) -> None:
    """Points decide; a check that could not run, on either cluster, leaves it open."""
    result = submission_trial.compare_with_cluster(make_report(*on_cluster), make_grade(*in_submission))
    assert exit_code is result.exit_code
    assert (exit_code is ExitCode.HOST) == bool(result.trouble)


@pytest.mark.parametrize("grade", [Grade("a", "tiny", "docker"), replace(make_grade(PASSED), trouble="no space left")])
def test_not_graded(grade: Grade) -> None:
    """A submission that could not be graded is not compared."""
    result = submission_trial.compare_with_cluster(make_report(PASSED), grade)
    assert ExitCode.HOST is result.exit_code
    assert result.trouble


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cluster:
    """Return a cluster of the tests' lab 'ladder'."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("LABS_ROOT", str(LABS_TREE))
    return Cluster(ClusterId("ladder"), "docker", (), is_complete=True)


def write_submission(folder: Path, lab: str) -> Path:
    """Write a submission for a lab, and return its folder."""
    folder.mkdir()
    (folder / "submission.md").write_text(f"---\nlab: {lab}\n---\n", "utf-8")
    return folder


def test_wrong_lab(cluster: Cluster, tmp_path: Path) -> None:
    """A submission for another lab than the cluster's is refused."""
    with pytest.raises(UsageError, match="is for the lab 'solo', and your cluster for 'ladder'"):
        submission_trial.plan_trial(catalog.load_lab("ladder"), cluster, write_submission(tmp_path / "ada", "solo"))


def test_no_lab(cluster: Cluster, tmp_path: Path) -> None:
    """A submission that no longer names its lab could not be graded by others, so it is refused."""
    with pytest.raises(UsageError) as caught:
        submission_trial.plan_trial(catalog.load_lab("ladder"), cluster, write_submission(tmp_path / "ada", ""))
    assert "Add 'lab: ladder' to its front matter." == caught.value.advice


@pytest.mark.parametrize("learner", [NO_LEARNER, Learner("ada", "autumn")])
def test_driver_and_values(cluster: Cluster, tmp_path: Path, learner: Learner) -> None:
    """The submission is played on the driver and with the values of the cluster, whatever its folder's name."""
    lab = catalog.load_lab("ladder", learner)
    job = submission_trial.plan_trial(lab, cluster, write_submission(tmp_path / "folder", "ladder"))
    assert ("ladder", "docker", learner) == (job.lab, job.driver, job.learner)
