"""Has a lesson's commands typed, for the commands that do so."""

from __future__ import annotations

from collections.abc import Callable

from runner import sanitize
from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport, Outcome
from runner.cli import _console, _progress
from runner.errors import ExitCode, IncompleteError
from runner.lessons import parse
from runner.lessons.model import Lab, Step
from runner.lessons.player import CommandResult, LessonPlayer
from runner.nodes.driver_interface import Cluster
from runner.progress.replay_plan import ReplayPlan
from runner.status import NullReporter

_SETTLING_SECONDS = 30.0


def replay_steps(lab: Lab, cluster: Cluster, way: ReplayPlan) -> None:
    """Play what is missing on a way, with one line a step.

    Raises:
        IncompleteError: A step could not be played, or its checks do not pass after it.
        HostError: A node cannot be reached.

    """
    player = LessonPlayer(cluster)
    for step in way.completed:
        player.rerun_captures(parse.load_step_commands(lab, step))
    for step in way.to_replay:
        typed = bool(parse.load_step_commands(lab, step))
        with _console.create_status_reporter().step(step.title) if typed else NullReporter().step(step.title) as tell:
            _go_through(lab, cluster, player, step, tell)


def _go_through(lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step, tell: Callable[[str], None]) -> None:
    last = ""

    def show(typed: CommandResult) -> None:
        nonlocal last
        last = typed.output
        tell(sanitize.strip_control_chars(typed.script.partition("\n")[0]))

    try:
        report = play_step(lab, cluster, player, step, show)
        # Which command came last is of no interest any more.
        tell("")
        last = "\n".join(f"{one.says}: {one.message}" for one in report.results if one.outcome is not Outcome.PASSED)
        record_step(lab, step, report)
    except IncompleteError as error:
        # Nobody has seen yet what came back.
        raise IncompleteError(error.message, error.advice, last[-3000:]) from None


def play_step(lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step, show: Callable[[CommandResult], None]) -> CheckReport:
    """Type a step's commands and run its checks, which may wait for what is settling.

    Args:
        lab: The lab.
        cluster: Its cluster.
        player: Who types, and knows what earlier steps have captured.
        step: The step.
        show: Is given every command once it was typed.

    Raises:
        IncompleteError: A command did not do what the lesson promises.
        HostError: A node cannot be reached.

    """
    for typed in player.play_commands(parse.load_step_commands(lab, step)):
        show(typed)
        if typed.mismatch:
            raise IncompleteError(
                f"The lesson's line {typed.command.line} did not do on {typed.node} what it should: {typed.mismatch}.",
                f"'labs check' says where your cluster is; {_afresh(lab, step)}.",
            )
    return run_checks.run_checks(CheckRequest(lab, cluster, frozenset({step.id}), _SETTLING_SECONDS))


def record_step(lab: Lab, step: Step, report: CheckReport) -> None:
    """Note that a step was played, unless its checks do not pass.

    Raises:
        IncompleteError: They do not.

    """
    if report.exit_code is not ExitCode.DONE:
        raise IncompleteError(
            f"The step '{step.id}' was played, but its checks do not pass.",
            f"'labs check --step {step.id}' looks again; {_afresh(lab, step)}.",
        )
    _progress.record_played(lab.name, [step.id])


def _afresh(lab: Lab, step: Step) -> str:
    return f"'labs reset {lab.name} --step {step.id}' makes fresh nodes and comes back to this step"
