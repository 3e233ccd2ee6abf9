"""Run a lesson's commands on its nodes, for `labs goto`, `labs play` and `labs reset`."""

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
from runner.status import DetailCallback, NullReporter

_SETTLING_SECONDS = 30.0
_MAX_LOG_CHARS = 3000


def replay_steps(lab: Lab, cluster: Cluster, plan: ReplayPlan) -> None:
    """Play the steps of a plan that are not done, with one status line per step.

    Raises:
        IncompleteError: A step could not be played, or its checks do not pass after it.
        HostError: A node cannot be reached.

    """
    player = LessonPlayer(cluster)
    for step in plan.completed:
        player.rerun_capturing_commands(parse.load_solution_commands(lab, step))
    for step in plan.to_replay:
        has_commands = bool(parse.load_solution_commands(lab, step))
        reporter = _console.create_status_reporter() if has_commands else NullReporter()
        with reporter.report_step(step.title) as report_detail:
            _replay_step(lab, cluster, player, step, report_detail)


def _replay_step(lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step, report_detail: DetailCallback) -> None:
    log = ""

    def show_command(result: CommandResult) -> None:
        nonlocal log
        log = result.output
        report_detail(sanitize.strip_control_chars(result.script.partition("\n")[0]))

    try:
        report = play_and_check_step(lab, cluster, player, step, show_command)
        # The final status line should not show the last command.
        report_detail("")
        unfinished = (result for result in report.results if result.outcome is not Outcome.PASSED)
        log = "\n".join(f"{result.says}: {result.message}" for result in unfinished)
        record_played_step_if_passed(lab, step, report)
    except IncompleteError as error:
        # The learner has not seen this output yet: the status line shows only commands.
        raise IncompleteError(error.message, error.advice, log[-_MAX_LOG_CHARS:]) from None


def play_and_check_step(
    lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step, on_command: Callable[[CommandResult], None]
) -> CheckReport:
    """Run a step's commands, then its checks, which may wait for the cluster to settle.

    Args:
        lab: The lab.
        cluster: Its cluster.
        player: The player, which has the output that earlier steps captured.
        step: The step.
        on_command: Called with every command after it ran.

    Raises:
        IncompleteError: A command did not do what the lesson promises.
        HostError: A node cannot be reached.

    """
    for result in player.play_commands(parse.load_solution_commands(lab, step)):
        on_command(result)
        if result.mismatch:
            raise IncompleteError(
                f"Line {result.command.line} of the lesson did not work on {result.node}: {result.mismatch}.",
                f"'labs check' shows the state of your cluster; {_advise_reset(lab, step)}.",
            )
    return run_checks.run_checks(CheckRequest(lab, cluster, frozenset({step.id}), _SETTLING_SECONDS))


def record_played_step_if_passed(lab: Lab, step: Step, report: CheckReport) -> None:
    """Record that a step was played, if its checks pass.

    Raises:
        IncompleteError: They do not.

    """
    if report.exit_code is not ExitCode.DONE:
        raise IncompleteError(
            f"The step '{step.id}' was played, but its checks do not pass.",
            f"'labs check --step {step.id}' checks again; {_advise_reset(lab, step)}.",
        )
    _progress.record_steps_played(lab.name, [step.id])


def _advise_reset(lab: Lab, step: Step) -> str:
    return f"'labs reset {lab.name} --step {step.id}' takes you to this step on fresh nodes"
