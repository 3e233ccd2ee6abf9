"""Grade one submission: run its blocks on a fresh cluster, run the checks, and remove the cluster."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from runner import __version__, signals
from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckResult, Outcome
from runner.clusters import lifecycle, lookup, selection
from runner.errors import BrokenLabError, HostError
from runner.grading.grade_model import BlockRun, Grade, Mark
from runner.grading.limited_runner import FailedLine, LimitedRunner
from runner.grading.resource_limits import ResourceLimits
from runner.grading.submission import Submission, SubmissionBlock
from runner.lessons.model import Lab
from runner.lessons.player import CommandResult, LessonPlayer
from runner.nodes.driver_interface import Cluster, ClusterId, Driver
from runner.status import StatusReporter
from runner.storage import locks

# The last commands may need time to take effect.
_SETTLE_SECONDS = 20.0
_MAX_ATTEMPTS = 2
# Reports contain these texts; a node's output has no limit, including output that fills a placeholder.
_MAX_TEXT_LENGTH, _MAX_FILLED_LENGTH = 2000, 10_000
# A command that was interrupted may still be removing the cluster.
_RESERVE_SECONDS = 60
_RUN_PREFIX = "grade-"


def derive_grading_cluster_id(lab: Lab, digest: str) -> ClusterId:
    """Return the id of the cluster that a submission is graded on; it depends on its hash and the learner's values."""
    run_hash = hashlib.sha256(repr((digest, sorted(lab.values.items()))).encode()).hexdigest()
    return ClusterId(lab.name, f"{_RUN_PREFIX}{run_hash[:12]}")


def is_grading_cluster(cluster: ClusterId) -> bool:
    """Return whether a cluster is one that a submission is graded on."""
    return cluster.run.startswith(_RUN_PREFIX)


@dataclass(frozen=True, slots=True)
class SubmissionGrader:
    """Grades submissions for one lab.

    Attributes:
        lab: The lab.
        driver: The driver that creates the nodes.
        limits: The resources that a submission may use.
        hidden_checks: A file with checks that students may not see, if there is one.
        reporter: Where to report the steps of the cluster's start.
        on_status: Called with a line of text when a new activity starts.

    """

    lab: Lab
    driver: Driver
    limits: ResourceLimits
    hidden_checks: Path | None
    reporter: StatusReporter
    on_status: Callable[[str], None]

    def grade_submission(self, submission: Submission) -> Grade:
        """Run a submission on a fresh cluster, then all checks; try once more on another cluster if a check cannot run.

        Raises:
            BrokenLabError: The lab's setup or its checks are broken.

        """
        started_at = time.monotonic()
        cluster_id = derive_grading_cluster_id(self.lab, submission.digest)
        grade = Grade(
            submission.name,
            self.lab.name,
            self.driver.name,
            titles={step.id: step.title for step in self.lab.lesson.steps},
            problems=submission.problems,
            version=__version__,
            values=self.lab.values,
        )
        with locks.reserve_cluster(str(cluster_id), _RESERVE_SECONDS):
            for attempt in range(1, _MAX_ATTEMPTS + 1):
                try:
                    grade = replace(self._try_grading(submission, cluster_id, grade), attempts=attempt)
                except BrokenLabError:
                    # On a busy host even a correct setup may fail, so try again.
                    if attempt == _MAX_ATTEMPTS:
                        raise
                if grade.is_complete:
                    break
        return replace(grade, seconds=_seconds_since(started_at))

    def _try_grading(self, submission: Submission, cluster_id: ClusterId, grade: Grade) -> Grade:
        try:
            with self._start_cluster(cluster_id) as cluster:
                for node in cluster.nodes:
                    node.copy_files(submission.files_folder, "/root")
                runs = tuple(self._run_blocks(submission, cluster))
                self.on_status("running the checks")
                # If no block was run, there is nothing to wait for.
                marks = self._run_checks(cluster, _SETTLE_SECONDS if any(run.seconds for run in runs) else 0)
        except HostError as error:
            return replace(grade, trouble=f"{error.message} {error.advice}")
        return replace(grade, marks=marks, runs=runs, trouble="")

    @contextmanager
    def _start_cluster(self, cluster_id: ClusterId) -> Iterator[Cluster]:
        leftover = lookup.survey_clusters().find_cluster(cluster_id)
        if leftover:
            lifecycle.remove_cluster(selection.load_driver_of_cluster(leftover), cluster_id)
        try:
            lifecycle.start(self.driver, self.lab, cluster_id, self.reporter)
            cluster = lifecycle.find_cluster(self.driver, cluster_id)
            if cluster is None:
                raise HostError(f"The cluster '{cluster_id}' disappeared.", "Grade the submission again.")
            yield cluster
        finally:
            with signals.ignore_interrupts_in_block():
                lifecycle.remove_cluster(self.driver, cluster_id)

    def _run_blocks(self, submission: Submission, cluster: Cluster) -> Iterator[BlockRun]:
        runner = LimitedRunner(self.limits)
        player = LessonPlayer(cluster, runner)
        for number, block in enumerate(submission.blocks, 1):
            self.on_status(f"block {number} of {len(submission.blocks)}, on {', '.join(block.command.nodes)}")
            for node in block.command.nodes or ("",):
                yield self._run_block(player, runner, block, node)

    def _run_block(self, player: LessonPlayer, runner: LimitedRunner, block: SubmissionBlock, node: str) -> BlockRun:
        command = block.command
        run = BlockRun(command.line, block.step, node, command.script)
        if block.problems:
            return replace(run, complaint=f"not run: {'; '.join(block.problems)}"[:_MAX_TEXT_LENGTH])
        if not runner.submission_seconds_left:
            limit = f"{self.limits.submission_seconds:g} s"
            return replace(run, complaint=f"not run: all blocks of a submission together may take {limit}")
        started_at = time.monotonic()
        runner.start_block_timer()
        try:
            retry_seconds = min(command.retry_seconds, runner.next_script_timeout_seconds)
            result = player.run_command_with_retries(replace(command, retry_seconds=retry_seconds), node)
        except HostError as error:
            # The node does not answer or is gone; the other nodes can still be checked.
            return replace(run, complaint=error.message, seconds=_seconds_since(started_at))
        return replace(
            run,
            script=result.script[: len(command.script) + _MAX_FILLED_LENGTH],
            exit_status=result.exit_status,
            output=result.output,
            cut=runner.is_truncated,
            complaint=_describe_mismatch(result, runner.failed_line)[:_MAX_TEXT_LENGTH],
            seconds=_seconds_since(started_at),
        )

    def _run_checks(self, cluster: Cluster, settle_timeout: float) -> tuple[Mark, ...]:
        request = CheckRequest(
            self.lab,
            cluster,
            settle_timeout=settle_timeout,
            ignore_prerequisites=True,
            check_timeout=self.limits.check_seconds,
            deadline=time.monotonic() + self.limits.all_checks_seconds,
        )
        marks = [_to_mark(result) for result in run_checks.run_checks(request).results]
        if self.hidden_checks:
            open_steps = {mark.step for mark in marks if mark.outcome is not Outcome.PASSED and not mark.bonus}
            titles = {step.id: step.title for step in self.lab.lesson.steps if step.id in open_steps}
            hidden_request = replace(request, checks_file=self.hidden_checks, unfinished_steps=titles)
            hidden_results = run_checks.run_checks(hidden_request).results
            marks += [replace(_to_mark(result), hidden=True) for result in hidden_results]
        return tuple(marks)


def _describe_mismatch(result: CommandResult, failed_line: FailedLine | None) -> str:
    """Return how a block's result differs from what was expected, with the line that failed unless it is all of it."""
    is_named = result.mismatch and failed_line and failed_line.command.strip() != result.script.strip()
    if failed_line is None or not is_named:
        return result.mismatch
    return f"{result.mismatch}; line {failed_line.line} failed: {failed_line.command}"


def _seconds_since(moment: float) -> float:
    return round(time.monotonic() - moment, 1)


def _to_mark(result: CheckResult) -> Mark:
    return Mark(
        check=result.check,
        step=result.step,
        says=result.says,
        outcome=result.outcome,
        points=result.points,
        bonus=result.bonus,
        text=result.message[:_MAX_TEXT_LENGTH],
        node=result.node,
        see=result.see[:_MAX_TEXT_LENGTH],
        seconds=result.seconds,
    )
