"""Try a submission on a fresh cluster, and print how it differs from the learner's cluster."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.text import Text

from runner import sanitize
from runner.checking.result_text import OUTCOME_SYMBOLS
from runner.checking.results import CheckReport, Outcome
from runner.cli import _console, _grade_results
from runner.errors import ExitCode
from runner.grading import plan, submission_trial
from runner.grading.batch import BatchGrader
from runner.grading.grade_model import BlockRun
from runner.grading.job import Job
from runner.grading.reports import report_texts
from runner.grading.reports.report_texts import sanitize_to_one_line
from runner.grading.submission_trial import CheckDifference, TrialResult
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster

_MAX_OUTPUT_LINES = 5


def try_submission(lab: Lab, cluster: Cluster, folder: Path) -> ExitCode:
    """Play a submission on a fresh cluster, compare its points with those of the learner's cluster, and print both.

    Args:
        lab: The lab, with the learner's values.
        cluster: The learner's cluster.
        folder: The submission.

    Raises:
        UsageError: The submission is for another lab, or names none.
        HostError: The fresh cluster cannot be started.
        BrokenLabError: The lab or its checks are broken.

    """
    job = submission_trial.plan_trial(lab, cluster, folder)
    reporter = _console.create_status_reporter()
    with reporter.report_step("Checking your cluster"):
        report = submission_trial.check_cluster(lab, cluster)
    result = _play_and_compare(job, report)
    print_trial_result(result, lab)
    return result.exit_code


def _play_and_compare(job: Job, report: CheckReport) -> TrialResult:
    reporter = _console.create_status_reporter()
    with plan.open_executor([job], 1, None, reporter) as executor, _grade_results.open_grading_display() as display:
        # Never a stored grade: the point is whether it works on a fresh cluster, once more.
        batch = BatchGrader(executor, display.show_status, force=True)
        (graded,) = batch.grade_jobs([job], display.show_grade)
    return submission_trial.compare_with_cluster(report, graded.grade)


def print_trial_result(result: TrialResult, lab: Lab) -> None:
    """Print whether a submission gets the same points as the learner's cluster, and every difference."""
    console = _console.get_stdout()
    for problem in result.problems:
        console.print(Text(sanitize_to_one_line(problem), style="yellow"))
    if result.trouble:
        console.print(Text(f"Cannot compare: {sanitize_to_one_line(result.trouble)}", style="yellow"))
        _print_failed_blocks(result.failed_blocks)
        return
    _print_score(result)
    step_id = ""
    for difference in result.differences:
        if difference.step != step_id:
            step_id = difference.step
            step = lab.lesson.find_step(step_id)
            console.print(Text(step.title if step else step_id, style="bold"))
        _print_difference(difference)
    for runs in {difference.step: difference.failed_blocks for difference in result.differences}.values():
        _print_failed_blocks(runs)
    if result.other_failed_blocks:
        console.print(Text("Blocks that failed, without a difference in their step:", style="dim"))
        _print_failed_blocks(result.other_failed_blocks)


def _print_score(result: TrialResult) -> None:
    console = _console.get_stdout()
    cluster, submission = map(report_texts.format_score, (result.cluster_score, result.submission_score))
    if result.exit_code is ExitCode.INCOMPLETE:
        console.print(Text(f"Your cluster has {cluster} points, the submission gets {submission}.", style="bold red"))
    elif result.submission_score.earned > result.cluster_score.earned:
        console.print(Text(f"The submission gets {submission} points, your cluster has {cluster}.", style="bold green"))
    else:
        console.print(Text(f"Same points as your cluster: {submission}.", style="bold green"))


def _print_difference(difference: CheckDifference) -> None:
    console = _console.get_stdout()
    symbol, style = OUTCOME_SYMBOLS[difference.in_submission]
    console.print(Text.assemble((f"  {symbol}", style), " ", difference.says))
    sides = (
        ("your cluster", difference.on_cluster, difference.cluster_text),
        ("submission", difference.in_submission, difference.submission_text),
    )
    for label, outcome, text in sides:
        reason = f", {sanitize_to_one_line(text)}" if text and outcome is not Outcome.PASSED else ""
        console.print(Text.assemble((f"      {label:<13} ", "dim"), f"{outcome.value}{reason}"))
    if difference.see and difference.is_loss:
        console.print(Text.assemble(("      see it        ", "dim"), (sanitize_to_one_line(difference.see), "cyan")))


def _print_failed_blocks(runs: Iterable[BlockRun]) -> None:
    console = _console.get_stdout()
    for run in runs:
        problem = sanitize_to_one_line(report_texts.describe_block_problem(run))
        console.print(Text.assemble((f"submission.md:{run.line}: ", "dim"), problem))
        for line in report_texts.replace_unsafe_chars(run.output).splitlines()[-_MAX_OUTPUT_LINES:]:
            console.print(Text(f"  | {sanitize.strip_control_chars(line)}", style="dim"))
