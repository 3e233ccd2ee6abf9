"""Verify on a fresh cluster that a lab's lesson, checks and near misses agree."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.lessons import parse
from runner.lessons.model import Command, Lab, NearMiss, Step
from runner.lessons.player import LessonPlayer
from runner.nodes.driver_interface import Cluster

# After a step or a near miss, checks may wait until the swarm has converged, which takes minutes on a busy host.
# Before it, there is nothing to wait for.
_SETTLE_SECONDS = 180.0
# What has passed must pass again at once, except that a node under load may be slow to answer.
_REPEAT_SETTLE_SECONDS = 5.0
# A mistake must last as long as this, so that a state on the way to success is not taken for one.
_MISTAKE_SETTLE_SECONDS = 2.0
_RETRY_PAUSE_SECONDS = 0.5
_COMMANDS_WORK = "commands do what the lesson says"


@dataclass(frozen=True, slots=True)
class Assertion:
    """One requirement that a lab must meet, and whether it does.

    Attributes:
        step: The id of the step.
        claim: The requirement.
        failure: What was observed instead; empty if the claim is true.
        seconds: How long testing it took.

    """

    step: str
    claim: str
    failure: str = ""
    seconds: float = field(default=0.0, compare=False)


def verify_lab(lab: Lab, cluster: Cluster) -> Iterator[Assertion]:
    """Run the lesson step by step, and yield each assertion as soon as it has been tested.

    Stops after a step whose commands fail, because everything after it would fail too.

    Args:
        lab: The lab.
        cluster: A fresh cluster for it.

    Raises:
        BrokenLabError: Lesson, checks or near misses cannot be read.
        HostError: A node cannot be reached.

    """
    started = time.monotonic()
    for assertion in _LabVerifier(lab, cluster).verify_all_steps():
        yield replace(assertion, seconds=round(time.monotonic() - started, 1))
        started = time.monotonic()


class _LabVerifier:
    def __init__(self, lab: Lab, cluster: Cluster) -> None:
        self._lab = lab
        self._cluster = cluster
        self._player = LessonPlayer(cluster)
        self._near_misses = [parse.parse_near_miss(path, lab) for path in lab.near_miss_paths]

    def verify_all_steps(self) -> Iterator[Assertion]:
        checked_steps = {result.step for result in self._check(None, 0).results}
        all_hold = True
        for step in self._lab.lesson.steps:
            verify = self._verify_step if step.id in checked_steps else self._verify_reading_step
            for assertion in verify(step):
                yield assertion
                all_hold = all_hold and not assertion.failure
                if assertion.failure and assertion.claim == _COMMANDS_WORK:
                    return
        if all_hold:
            failure = _describe_not_passed(self._check(None, _SETTLE_SECONDS))
            yield Assertion("the finished lab", "all checks pass together", failure)

    def _verify_step(self, step: Step) -> Iterator[Assertion]:
        yield Assertion(step.id, "checks fail before the step", self._describe_early_passes(step))
        near_misses = self._find_near_misses(step, are_played_after=False)
        for near_miss in near_misses:
            yield from self._verify_near_miss(step, near_miss)
        if near_misses:
            yield Assertion(step.id, "its near misses do not complete the step", self._describe_completion(step))
        yield Assertion(step.id, _COMMANDS_WORK, self._run_commands(parse.load_solution_commands(self._lab, step)))
        failure = _describe_not_passed(self._check(step, _SETTLE_SECONDS))
        yield Assertion(step.id, "checks pass after the step", failure)
        yield Assertion(step.id, "checks pass again", _describe_not_passed(self._check(step, _REPEAT_SETTLE_SECONDS)))
        for near_miss in self._find_near_misses(step, are_played_after=True):
            yield from self._verify_near_miss(step, near_miss)

    def _verify_reading_step(self, step: Step) -> Iterator[Assertion]:
        yield Assertion(step.id, _COMMANDS_WORK, self._run_commands(parse.load_solution_commands(self._lab, step)))
        for near_miss in self._near_misses:
            if near_miss.step_id == step.id:
                failure = f"'{step.id}' has no checks, so nothing can fail"
                yield Assertion(step.id, f"near miss {near_miss.path.stem} fails", failure)

    def _find_near_misses(self, step: Step, *, are_played_after: bool) -> list[NearMiss]:
        of_step = (near_miss for near_miss in self._near_misses if near_miss.step_id == step.id)
        return [near_miss for near_miss in of_step if near_miss.is_played_after is are_played_after]

    def _verify_near_miss(self, step: Step, near_miss: NearMiss) -> Iterator[Assertion]:
        """Play a near miss on the cluster as it is: each one finds what the cures before it have left."""
        name = near_miss.path.stem
        failure = self._run_commands(near_miss.wrong_commands) or self._describe_missing_message(step, near_miss)
        yield Assertion(step.id, f"near miss {name} fails with '{near_miss.says}'", failure)
        yield Assertion(step.id, f"cure of {name} runs", self._run_commands(near_miss.cure_commands))
        if near_miss.is_played_after:
            failure = _describe_not_passed(self._check(step, _SETTLE_SECONDS))
            yield Assertion(step.id, f"cure of {name} makes the checks pass", failure)

    def _describe_completion(self, step: Step) -> str:
        """Describe that a step's checks pass before its commands have run; empty if one does not."""
        results = self._check(step, 0).results
        is_complete = all(result.outcome is Outcome.PASSED for result in results)
        return "all checks of the step pass before its commands have run" if is_complete else ""

    def _describe_missing_message(self, step: Step, near_miss: NearMiss) -> str:
        """Return the results of the checks if none fails with the promised message in time; empty if one does."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            results = self._check(step, _MISTAKE_SETTLE_SECONDS).results
            failed = [result for result in results if result.outcome is Outcome.FAILED]
            if any(near_miss.says in result.message for result in failed):
                return ""
            if time.monotonic() > deadline:
                return f"no failed check has this message ({_join_results(results)})"
            time.sleep(_RETRY_PAUSE_SECONDS)

    def _run_commands(self, commands: Iterable[Command]) -> str:
        """Run commands, and describe the first one that does not do what the lesson says; empty if all do."""
        for result in self._player.play_commands(commands):
            if result.mismatch:
                location = f"line {result.command.line} on {result.node}"
                return f"{location}: {result.mismatch}\n{result.script}\n{result.output}"
        return ""

    def _check(self, step: Step | None, settle_timeout: float) -> CheckReport:
        step_ids = frozenset({step.id}) if step else None
        return run_checks.run_checks(CheckRequest(self._lab, self._cluster, step_ids, settle_timeout))

    def _describe_early_passes(self, step: Step) -> str:
        """Describe the checks of this step that do not fail before it, and the checks of later steps that pass.

        In a grade each check counts separately, so a check of a later step must not pass before its step either.
        """
        all_ids = [other.id for other in self._lab.lesson.steps]
        remaining_ids = frozenset(all_ids[all_ids.index(step.id) :])
        request = CheckRequest(self._lab, self._cluster, remaining_ids, 0, ignore_prerequisites=True)
        results = run_checks.run_checks(request).results
        own_results = [result for result in results if result.step == step.id and result.outcome is not Outcome.FAILED]
        later_results = [result for result in results if result.step != step.id and result.outcome is Outcome.PASSED]
        phrases = [f"{result.check} {result.outcome.value} {result.message}".strip() for result in own_results]
        phrases += [
            f"{result.check} of '{result.step}' already passes; name the steps it depends on in its after="
            for result in later_results
        ]
        return "; ".join(phrases)


def _describe_not_passed(report: CheckReport) -> str:
    return _join_results(result for result in report.results if result.outcome is not Outcome.PASSED)


def _join_results(results: Iterable[CheckResult]) -> str:
    return "; ".join(f"{result.check} {result.outcome.value}: {result.message}" for result in results)
