"""Try a submission before it is handed in: compare its points on a fresh cluster with those of the live cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.checking import result_text, run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.errors import ExitCode, UsageError
from runner.grading import grade_model
from runner.grading.grade_model import BlockRun, Grade, Mark, Score
from runner.grading.job import Job
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import SUBMISSION_FILE
from runner.grading.submission_header import parse_lab_claim
from runner.lessons import catalog
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster


@dataclass(frozen=True, slots=True)
class CheckDifference:
    """A check that has another outcome on a fresh cluster than on the learner's.

    Attributes:
        check: The check's name.
        step: The id of the step it belongs to.
        says: What is true when it passes.
        on_cluster: The outcome on the learner's cluster.
        cluster_text: Why it did not pass there; empty if it did.
        in_submission: The outcome on the fresh cluster.
        submission_text: Why it did not pass there; empty if it did.
        see: The command that shows what was observed on the fresh cluster.
        failed_blocks: The blocks of the same step that failed.

    """

    check: str
    step: str
    says: str
    on_cluster: Outcome
    cluster_text: str
    in_submission: Outcome
    submission_text: str
    see: str
    failed_blocks: tuple[BlockRun, ...]

    @property
    def is_loss(self) -> bool:
        """Whether the check passes only on the learner's cluster."""
        return self.on_cluster is Outcome.PASSED


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The comparison of a submission with the learner's cluster.

    Attributes:
        cluster_score: The points of the learner's cluster.
        submission_score: The points of the submission.
        differences: The checks with different outcomes, in lesson order.
        failed_blocks: All blocks that failed.
        problems: What is wrong with the submission, each as `file:line: message`.
        trouble: Why there is nothing to compare; empty if there is.

    """

    cluster_score: Score
    submission_score: Score
    differences: tuple[CheckDifference, ...] = ()
    failed_blocks: tuple[BlockRun, ...] = ()
    problems: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def other_failed_blocks(self) -> tuple[BlockRun, ...]:
        """The blocks that failed in steps without a difference."""
        explained = {run for difference in self.differences for run in difference.failed_blocks}
        return tuple(run for run in self.failed_blocks if run not in explained)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of `labs submit --try`: points that are lost are unfinished work."""
        if self.trouble:
            return ExitCode.HOST
        is_worse = self.submission_score.earned < self.cluster_score.earned
        return ExitCode.INCOMPLETE if is_worse else ExitCode.DONE


def plan_trial(lab: Lab, cluster: Cluster, folder: Path) -> Job:
    """Return the grading job for a submission, with the driver and the values of the learner's cluster.

    Raises:
        UsageError: The submission is for another lab, or names none.
        OSError: Its `submission.md` cannot be read.

    """
    file = folder / SUBMISSION_FILE
    claim = parse_lab_claim(file.read_text("utf-8", "replace"), catalog.list_lab_names())
    if not claim.lab:
        raise UsageError(f"{file} does not name its lab.", f"Add 'lab: {lab.name}' to its front matter.")
    if claim.lab != lab.name:
        raise UsageError(
            f"{file} is for the lab '{claim.lab}', and your cluster for '{lab.name}'.",
            f"Try it on a cluster of '{claim.lab}', or name another folder with '--out DIR'.",
        )
    return Job(folder, lab.name, cluster.driver, ResourceLimits(), learner=lab.learner)


def check_cluster(lab: Lab, cluster: Cluster) -> CheckReport:
    """Run all checks on the learner's cluster as it is now, each on its own, as for a grade."""
    return run_checks.run_checks(CheckRequest(lab, cluster, settle_timeout=0, ignore_prerequisites=True))


def compare_with_cluster(report: CheckReport, grade: Grade) -> TrialResult:
    """Compare the outcome of each check on the learner's cluster with that of a submission.

    Args:
        report: The results on the learner's cluster.
        grade: The grade of the submission.

    """
    failed_blocks = tuple(run for run in grade.runs if run.complaint)
    marks = {mark.check: mark for mark in grade.marks}
    differences = tuple(
        _describe_difference(result, marks[result.check], failed_blocks)
        for result in report.results
        if result.check in marks and marks[result.check].outcome is not result.outcome
    )
    return TrialResult(
        _compute_cluster_score(report),
        grade.check_score,
        differences,
        failed_blocks,
        grade.problems,
        _describe_trouble(report, grade),
    )


def _describe_difference(result: CheckResult, mark: Mark, failed_blocks: tuple[BlockRun, ...]) -> CheckDifference:
    return CheckDifference(
        result.check,
        result.step,
        result.says,
        result.outcome,
        result_text.explain_unpassed_check(result.outcome, result.message, result.node) if result.message else "",
        mark.outcome,
        result_text.explain_unpassed_check(mark.outcome, mark.text, mark.node) if mark.text else "",
        mark.see,
        tuple(run for run in failed_blocks if run.step == result.step),
    )


def _compute_cluster_score(report: CheckReport) -> Score:
    """Return the points that a submission with these results would get."""
    return grade_model.compute_score(
        tuple(
            Mark(result.check, result.step, result.says, result.outcome, result.points, result.bonus)
            for result in report.results
        )
    )


def _describe_trouble(report: CheckReport, grade: Grade) -> str:
    if grade.trouble:
        return grade.trouble
    for result in report.results:
        if result.outcome is Outcome.ERROR:
            return f"the check '{result.says}' could not run on your cluster: {result.reason}"
    for mark in grade.marks:
        if mark.outcome is Outcome.ERROR:
            return f"the check '{mark.says}' could not run on the fresh cluster: {mark.text}"
    return "" if grade.marks else "no check was run on the fresh cluster"
