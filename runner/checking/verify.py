"""Proves that a lab's lesson, checks and near misses agree, on a cluster of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport, Outcome
from runner.lessons import parse
from runner.lessons.model import Command, Lab, NearMiss, Step
from runner.lessons.player import LessonPlayer
from runner.nodes.driver_interface import Cluster

# After a step or a mistake the checks may wait for the swarm to settle; before it there is nothing to wait for.
_SETTLING_SECONDS = 30.0
_LOOKS_APART_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that was tried.

    Attributes:
        step: The step it was tried in.
        what: What must be so.
        complaint: What was not so; empty if all was.
        seconds: How long that took.

    """

    step: str
    claim: str
    failure: str = ""
    seconds: float = field(default=0.0, compare=False)


def verify_lab(lab: Lab, cluster: Cluster) -> Iterator[Assertion]:
    """Go through the lesson on a fresh cluster and try everything that must be so.

    Ends early where a step could not be played, since all after it would fail too.

    Args:
        lab: The lab.
        cluster: A fresh cluster for it.

    Raises:
        BrokenLabError: Lesson, checks or near misses cannot be read.
        HostError: A node cannot be reached.

    """
    began = time.monotonic()
    for proof in _proofs(lab, cluster):
        yield replace(proof, seconds=round(time.monotonic() - began, 1))
        began = time.monotonic()


def _proofs(lab: Lab, cluster: Cluster) -> Iterator[Assertion]:
    misses = [parse.parse_near_miss(path, lab) for path in lab.near_miss_paths]
    checked = {result.step for result in _check(lab, cluster, None, 0).results}
    player = LessonPlayer(cluster)
    sound = True
    for step in lab.lesson.steps:
        proofs = _verify_step(lab, cluster, player, step, misses, step.id in checked)
        for proof in proofs:
            yield proof
            sound = sound and not proof.failure
            if proof.failure and proof.claim == _PLAYED:
                return
    if sound:
        together = _not_passing(_check(lab, cluster, None, _SETTLING_SECONDS))
        yield Assertion("the finished lab", "all checks pass together", together)


_PLAYED = "its commands do what the lesson says"


def _verify_step(
    lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step, misses: list[NearMiss], has_checks: bool
) -> Iterator[Assertion]:
    own = [miss for miss in misses if miss.step_id == step.id]
    if has_checks:
        yield Assertion(step.id, "its checks fail before it", _passing_early(lab, cluster, step))
        for miss in own:
            if not miss.is_played_after:
                yield from _go_wrong(lab, cluster, player, step, miss)
    yield Assertion(step.id, _PLAYED, _play(player, parse.load_step_commands(lab, step)))
    if not has_checks:
        for miss in own:
            yield Assertion(step.id, f"{miss.path.stem}: fails", f"'{step.id}' has no checks, so nothing can fail")
        return
    yield Assertion(step.id, "its checks pass after it", _not_passing(_check(lab, cluster, step, _SETTLING_SECONDS)))
    yield Assertion(step.id, "its checks pass again", _not_passing(_check(lab, cluster, step, 0)))
    for miss in own:
        if miss.is_played_after:
            yield from _go_wrong(lab, cluster, player, step, miss)
            mended = _not_passing(_check(lab, cluster, step, _SETTLING_SECONDS))
            yield Assertion(step.id, f"{miss.path.stem}: its cure makes the checks pass", mended)


def _go_wrong(lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step, miss: NearMiss) -> Iterator[Assertion]:
    complaint = _play(player, miss.wrong_commands) or _says_otherwise(lab, cluster, step, miss)
    yield Assertion(step.id, f"{miss.path.stem}: fails, saying '{miss.says}'", complaint)
    yield Assertion(step.id, f"{miss.path.stem}: can be cured", _play(player, miss.cure_commands))


def _says_otherwise(lab: Lab, cluster: Cluster, step: Step, miss: NearMiss) -> str:
    """Return what is said instead of the promised words, once the cluster has had the time to settle."""
    deadline = time.monotonic() + _SETTLING_SECONDS
    while True:
        report = _check(lab, cluster, step, 2)
        failed = [result for result in report.results if result.outcome is Outcome.FAILED]
        if any(miss.says in result.message for result in failed):
            return ""
        if time.monotonic() > deadline:
            said = "; ".join(f"{result.check} {result.outcome.value}: {result.message}" for result in report.results)
            return f"no failed check says so ({said})"
        time.sleep(_LOOKS_APART_SECONDS)


def _play(player: LessonPlayer, commands: Iterable[Command]) -> str:
    for typed in player.play_commands(commands):
        if typed.mismatch:
            return f"line {typed.command.line} on {typed.node}: {typed.mismatch}\n{typed.script}\n{typed.output}"
    return ""


def _check(lab: Lab, cluster: Cluster, step: Step | None, patience: float) -> CheckReport:
    return run_checks.run_checks(CheckRequest(lab, cluster, frozenset({step.id}) if step else None, patience))


def _passing_early(lab: Lab, cluster: Cluster, step: Step) -> str:
    """Return what does not fail before a step; nor may a check of a later step pass by itself, as grades let it."""
    ids = [one.id for one in lab.lesson.steps]
    ahead = frozenset(ids[ids.index(step.id) :])
    report = run_checks.run_checks(CheckRequest(lab, cluster, ahead, 0, ignore_prerequisites=True))
    own = [one for one in report.results if one.step == step.id and one.outcome is not Outcome.FAILED]
    later = [one for one in report.results if one.step != step.id and one.outcome is Outcome.PASSED]
    said = [f"{one.check} {one.outcome.value} {one.message}".strip() for one in own]
    said += [f"{one.check} of '{one.step}' passes already: name the steps it stands on in its after=" for one in later]
    return "; ".join(said)


def _not_passing(report: CheckReport) -> str:
    wrong = [result for result in report.results if result.outcome is not Outcome.PASSED]
    return "; ".join(f"{result.check} {result.outcome.value}: {result.message}" for result in wrong)
