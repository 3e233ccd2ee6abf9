"""`labs reset`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.cli import _console, _options, _playback, _progress, _resolve, _suggestions
from runner.clusters import lifecycle, lookup, selection
from runner.progress import replay_plan


@click.command("reset")
@_options.optional_lab_argument
@click.option("--step", "step_id", type=_options.STEP, metavar="ID", help="Play what comes before this step.")
def command(lab: str | None, step_id: str | None) -> int:
    """Throw a lab's nodes away and start afresh; what you have passed stays noted.

    \b
    Examples:
      labs reset
      labs reset swarm-basics
      labs reset --step join-workers     fresh nodes, on which all before that step is done
    """
    cluster = lookup.survey_clusters().require_cluster(lab)
    lookup.require_main_cluster(cluster)
    # Read first: a lesson that cannot start is no reason to throw away what runs.
    found = _progress.load_learner_lab(cluster.id.lab)
    target = None if step_id is None else _resolve.the_step(found, step_id)
    lifecycle.reset(selection.load_driver_of_cluster(cluster), found, cluster.id, _console.create_status_reporter())
    _progress.record_fresh_cluster(found.name)
    if target:
        _playback.replay_steps(found, lookup.survey_clusters().require_running_cluster(found.name), replay_plan.plan_from_fresh_cluster(found.lesson, target))
    done = f"; all that comes before '{target.title}' is done" if target else ""
    _console.get_stdout().print(Text(f"'{cluster.id}' is as new{done}.", style="bold green"))
    _suggestions.suggest_step(found, target or found.lesson.steps[0])
    return 0
