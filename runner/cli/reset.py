"""`labs reset`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.cli import _console, _options, _playback, _progress
from runner.clusters import lifecycle, lookup, selection
from runner.progress import replay_plan
from runner.session import require_step


@click.command("reset")
@_options.optional_lab_argument
@click.option("--step", "step_id", type=_options.STEP, metavar="ID", help="Then play everything before this step.")
def command(lab: str | None, step_id: str | None) -> int:
    """Discard a lab's nodes and start fresh ones; your progress is kept.

    \b
    Examples:
      labs reset
      labs reset swarm-basics
      labs reset --step join-workers     fresh nodes, with everything before that step done
    """
    session = _progress.create_session()
    cluster = session.cluster_survey.require_cluster(lab)
    lookup.check_is_main_cluster(cluster)
    # Loaded before the nodes are removed: if the lesson is broken, no fresh nodes could be started.
    loaded_lab = session.load_lab(cluster.id.lab)
    target = None if step_id is None else require_step(loaded_lab, step_id)
    driver = selection.load_driver_of_cluster(cluster)
    lifecycle.reset_cluster(driver, loaded_lab, cluster.id, _console.create_status_reporter())
    _progress.record_fresh_cluster(loaded_lab.name)
    if target:
        fresh_cluster = _progress.create_session().cluster_survey.require_running_cluster(loaded_lab.name)
        plan = replay_plan.plan_replay_on_fresh_cluster(loaded_lab.lesson, target)
        _playback.replay_steps(loaded_lab, fresh_cluster, plan)
    suffix = f"; everything before '{target.title}' is done" if target else ""
    _console.get_stdout().print(Text(f"Reset {cluster.id}{suffix}.", style="bold green"))
    _progress.print_next_step_suggestion(loaded_lab, target or loaded_lab.lesson.steps[0])
    return 0
