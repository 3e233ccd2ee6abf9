"""`labs goto`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.cli import _console, _options, _playback, _progress
from runner.cli.start import start_lab
from runner.clusters.lifecycle import StartResult
from runner.errors import HostError, IncompleteError, UsageError
from runner.lessons.model import Lab, Step
from runner.nodes.driver_interface import Cluster
from runner.progress import passed_steps, replay_plan
from runner.progress.model import Progress
from runner.progress.replay_plan import ReplayPlan

# After a restart of the nodes, containers and services come back within this time.
_RESUME_SECONDS = 30.0


@click.command("goto")
@_options.lab_and_step_arguments
def command(lab: str | None, step: str | None) -> int:
    """Skip to a step: complete everything before it for you.

    Starts the lab if necessary, then runs the commands of the steps before STEP that are not done yet. Runs nothing if
    your cluster is already past the step, or has diverged from the lesson; 'labs reset --step STEP' then takes you
    there on fresh nodes.

    \b
    Examples:
      labs goto swarm-basics join-workers
      labs goto join-workers                   in the lab that is started
    """
    session = _progress.create_session()
    selected_lab, target = session.resolve_lab_and_step(lab, step, "labs goto")
    if target is None:
        name = selected_lab.name
        raise UsageError("Which step?", f"Run 'labs goto {name} STEP'. 'labs show {name}' shows the steps.")
    outcome, progress = start_lab(session, selected_lab)
    # A start changes the nodes, so they are looked up again; nodes that were already running are known.
    survey = (
        session.cluster_survey if outcome is StartResult.ALREADY_RUNNING else _progress.create_session().cluster_survey
    )
    cluster = survey.require_running_cluster(selected_lab.name)
    if outcome is StartResult.FRESH:
        plan = replay_plan.plan_replay_on_fresh_cluster(selected_lab.lesson, target)
    else:
        if outcome is StartResult.RESUMED:
            _wait_for_workloads(selected_lab, cluster, progress)
        plan = _plan_replay(selected_lab, cluster, target)
    if plan.blocker:
        command_line = f"labs reset {selected_lab.name} --step {target.id}"
        advice = f"'{command_line}' takes you there on fresh nodes and discards the current ones."
        raise IncompleteError(plan.blocker, advice)
    _playback.replay_steps(selected_lab, cluster, plan)
    _print_outcome(selected_lab, target, plan)
    return 0


def _wait_for_workloads(lab: Lab, cluster: Cluster, progress: Progress) -> None:
    """After a restart of the nodes, wait until all completed steps pass again, or until the time limit."""
    completed = frozenset(progress.completed_on_cluster)
    with _console.create_status_reporter().report_step("Waiting for containers and services to come back"):
        run_checks.run_checks(CheckRequest(lab, cluster, completed, _RESUME_SECONDS))


def _plan_replay(lab: Lab, cluster: Cluster, target: Step) -> ReplayPlan:
    report = run_checks.run_checks(CheckRequest(lab, cluster))
    if error := replay_plan.find_blocking_check_error(lab.lesson, report, target):
        raise HostError(f"Could not check '{error.says}': {error.reason}", "'labs status' shows the nodes.")
    update = _progress.record_steps_passed(lab.name, passed_steps.find_passed_step_ids(lab.lesson, report))
    return replay_plan.plan_replay_on_current_cluster(lab.lesson, report, target, update.progress.completed_on_cluster)


def _print_outcome(lab: Lab, target: Step, plan: ReplayPlan) -> None:
    console = _console.get_stdout()
    if plan.to_replay:
        console.print(Text(f"Everything before '{target.title}' is done.", style="bold green"))
    elif plan.is_target_begun:
        console.print(Text.assemble((f"You are already at '{target.title}'", "bold green"), " and have begun it."))
    else:
        console.print(Text(f"You are already at '{target.title}'.", style="bold green"))
    _progress.print_next_step_suggestion(lab, target)
