"""`labs goto`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.cli import _console, _options, _playback, _progress, _resolve, _start, _suggestions
from runner.clusters import lookup
from runner.clusters.lifecycle import Started
from runner.errors import HostError, IncompleteError, UsageError
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import Cluster
from runner.progress import completion, replay_plan
from runner.progress.replay_plan import ReplayPlan

# What ran on nodes that have just been brought up again comes back within this time.
_RESUMING_SECONDS = 30.0


@click.command("goto")
@_options.lab_and_step_arguments
def command(lab: str | None, step: str | None) -> int:
    """Bring a cluster to the state just before a step, by playing what comes before it.

    Starts the lab if it is not started, and plays only what is not done yet. Where your cluster is past the step,
    or has taken another way, nothing is played; `labs reset --step` gets there on fresh nodes.

    \b
    Examples:
      labs goto swarm-basics join-workers
      labs goto join-workers                   in the lab that is started
    """
    found, target = _resolve.lab_and_step(lab, step, "labs goto")
    if target is None:
        raise UsageError(
            "Which step?", f"Type 'labs goto {found.name} STEP'. 'labs show {found.name}' shows the steps."
        )
    went = _start.bring(found)
    cluster = lookup.survey_clusters().require_running_cluster(found.name)
    if went is Started.FRESH:
        ahead = replay_plan.plan_from_fresh_cluster(found.lesson, target)
    else:
        if went is Started.RESUMED:
            _await(found, cluster)
        report = run_checks.run_checks(CheckRequest(found, cluster))
        if problem := replay_plan.find_blocking_error(found.lesson, report, target):
            raise HostError(
                f"'{problem.says}' could not be checked: {problem.reason}", "'labs status' shows the nodes."
            )
        noted = _progress.record_passed(found.name, completion.find_passed_steps(found.lesson, report))
        ahead = replay_plan.plan_replay(found.lesson, report, target, noted.progress.completed_on_cluster)
    _refuse_obstacle(found, target, ahead)
    _playback.replay_steps(found, cluster, ahead)
    _say(found, target, ahead)
    return 0


def _await(lab: Lab, cluster: Cluster) -> None:
    """Wait until what was done on the nodes before they were halted has come back, as far as it will."""
    done = frozenset(_progress.load_progress(lab.name).completed_on_cluster)
    with _console.create_status_reporter().step("Waiting for what ran on the nodes"):
        run_checks.run_checks(CheckRequest(lab, cluster, done, _RESUMING_SECONDS))


def _refuse_obstacle(lab: Lab, target: Step, ahead: ReplayPlan) -> None:
    if ahead.blocker:
        advice = (
            f"'labs reset {lab.name} --step {target.id}' gets there on fresh nodes; what was done on these is lost."
        )
        raise IncompleteError(ahead.blocker, advice)


def _say(lab: Lab, target: Step, ahead: ReplayPlan) -> None:
    out = _console.get_stdout()
    if ahead.to_replay:
        out.print(Text(f"All that comes before '{target.title}' is done.", style="bold green"))
    elif ahead.is_target_begun:
        out.print("[bold green]You are there already[/], and have begun it.")
    else:
        out.print("[bold green]You are there already.[/]")
    _suggestions.suggest_step(lab, target)
