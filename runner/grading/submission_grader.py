"""Grades one submission: on a fresh cluster, which is thrown away."""

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
from runner.grading.limited_runner import LimitedRunner
from runner.grading.resource_limits import ResourceLimits
from runner.grading.submission import Submission, SubmissionBlock
from runner.lessons.model import Lab
from runner.lessons.player import LessonPlayer
from runner.nodes.driver_interface import Cluster, ClusterId, Driver
from runner.status import StatusReporter
from runner.storage import locks

# What was ordered last may still be on its way.
_SETTLING_SECONDS = 20.0
_ATTEMPTS = 2
# What stands in reports; what nodes say may be as long as they like, also where it fills a placeholder.
_LONGEST_TEXT, _LONGEST_FILLED = 2000, 10_000
# Somebody who was interrupted may still be removing it.
_ANOTHER_SECONDS = 60
_RUN = "grade-"


def derive_cluster_id(lab: Lab, digest: str) -> ClusterId:
    """Return the cluster that a submission is graded on, by its hash and the values that it must have."""
    named = hashlib.sha256(repr((digest, sorted(lab.values.items()))).encode()).hexdigest()
    return ClusterId(lab.name, f"{_RUN}{named[:12]}")


def is_grading_cluster(cluster: ClusterId) -> bool:
    """Whether a submission is graded on a cluster."""
    return cluster.run.startswith(_RUN)


@dataclass(frozen=True, slots=True)
class SubmissionGrader:
    """Grades submissions for one lab.

    Attributes:
        lab: The lab.
        driver: What the nodes are made of.
        limits: What a submission may take.
        hidden: A file with checks that students may not see, if there is one.
        story: Where to show the steps.
        tell: Is given a line on what is being done.

    """

    lab: Lab
    driver: Driver
    limits: ResourceLimits
    hidden: Path | None
    reporter: StatusReporter
    tell: Callable[[str], None]

    def grade(self, submission: Submission) -> Grade:
        """Play a submission on a fresh cluster and run all checks; once more on another one if a check could not run.

        Raises:
            BrokenLabError: The lab's setup or its checks are broken.

        """
        began = time.monotonic()
        cluster = derive_cluster_id(self.lab, submission.digest)
        found = Grade(
            submission.name,
            self.lab.name,
            self.driver.name,
            titles={step.id: step.title for step in self.lab.lesson.steps},
            problems=submission.problems,
            version=__version__,
            values=self.lab.values,
        )
        with locks.reserve_cluster(str(cluster), _ANOTHER_SECONDS):
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    found = replace(self._try(submission, cluster, found), attempts=attempt)
                except BrokenLabError:
                    # On a host that is busy a setup may fail that is sound.
                    if attempt == _ATTEMPTS:
                        raise
                if found.is_complete:
                    break
        return replace(found, seconds=round(time.monotonic() - began, 1))

    def _try(self, submission: Submission, cluster: ClusterId, so_far: Grade) -> Grade:
        try:
            with self._fresh(cluster) as made:
                for node in made.nodes:
                    node.copy_files(submission.files, "/root")
                runs = tuple(self._play(submission, made))
                self.tell("checking what it has come to")
                # Where nothing was typed, nothing is settling.
                marks = self._check(made, _SETTLING_SECONDS if any(run.seconds for run in runs) else 0)
        except HostError as error:
            return replace(so_far, trouble=f"{error.message} {error.advice}")
        return replace(so_far, marks=marks, runs=runs, trouble="")

    @contextmanager
    def _fresh(self, cluster: ClusterId) -> Iterator[Cluster]:
        remains = lookup.survey_clusters().find_cluster(cluster)
        if remains:
            lifecycle.remove(selection.load_driver_of_cluster(remains), cluster)
        try:
            lifecycle.start(self.driver, self.lab, cluster, self.reporter)
            made = lifecycle.find(self.driver, cluster)
            if made is None:
                raise HostError(f"'{cluster}' is gone.", "Grade it again.")
            yield made
        finally:
            with signals.uninterrupted():
                lifecycle.remove(self.driver, cluster)

    def _play(self, submission: Submission, cluster: Cluster) -> Iterator[BlockRun]:
        hand = LimitedRunner(self.limits)
        player = LessonPlayer(cluster, hand)
        for number, block in enumerate(submission.blocks, 1):
            self.tell(f"block {number} of {len(submission.blocks)}, on {', '.join(block.command.nodes)}")
            for name in block.command.nodes or ("",):
                yield self._type(player, hand, block, name)

    def _type(self, player: LessonPlayer, hand: LimitedRunner, block: SubmissionBlock, node: str) -> BlockRun:
        command = block.command
        about = BlockRun(command.line, block.step, node, command.script)
        if block.problems:
            return replace(about, complaint=f"not typed: {'; '.join(block.problems)}"[:_LONGEST_TEXT])
        if not hand.seconds_left:
            return replace(
                about, complaint=f"not typed: the {self.limits.submission_seconds:g} s of a submission are over"
            )
        began = time.monotonic()
        hand.start_block()
        try:
            typed = player.run_command(replace(command, retry_seconds=min(command.retry_seconds, hand.timeout_seconds)), node)
        except HostError as error:
            # A node that does not answer, or is gone; what became of the others can still be seen.
            return replace(about, complaint=error.message, seconds=round(time.monotonic() - began, 1))
        return replace(
            about,
            script=typed.script[: len(command.script) + _LONGEST_FILLED],
            exit_status=typed.exit_status,
            output=typed.output,
            cut=hand.is_truncated,
            complaint=typed.mismatch[:_LONGEST_TEXT],
            seconds=round(time.monotonic() - began, 1),
        )

    def _check(self, cluster: Cluster, patience: float) -> tuple[Mark, ...]:
        deadline = time.monotonic() + self.limits.all_checks_seconds
        request = CheckRequest(
            self.lab,
            cluster,
            settle_timeout=patience,
            ignore_prerequisites=True,
            check_timeout=self.limits.check_seconds,
            deadline=deadline,
        )
        marks = [_mark(result) for result in run_checks.run_checks(request).results]
        if self.hidden:
            open_steps = {mark.step for mark in marks if mark.outcome is not Outcome.PASSED and not mark.bonus}
            titles = {step.id: step.title for step in self.lab.lesson.steps if step.id in open_steps}
            more = run_checks.run_checks(replace(request, checks_file=self.hidden, unfinished_steps=titles)).results
            marks += [replace(_mark(result), hidden=True) for result in more]
        return tuple(marks)


def _mark(result: CheckResult) -> Mark:
    return Mark(
        check=result.check,
        step=result.step,
        says=result.says,
        outcome=result.outcome,
        points=result.points,
        bonus=result.bonus,
        text=result.message[:_LONGEST_TEXT],
        node=result.node,
        see=result.see[:_LONGEST_TEXT],
        seconds=result.seconds,
    )
