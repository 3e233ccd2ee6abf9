"""`labs play`."""

from __future__ import annotations

import click
from rich.text import Text

from runner import harmless
from runner.checking import run
from runner.checking.request import Request
from runner.cli import _console, _learning, _options, _playing, _report, _which
from runner.clusters import find
from runner.clusters.driver import Cluster
from runner.errors import ExitCode
from runner.learning import place
from runner.lessons import parse
from runner.lessons.model import Lab, Step
from runner.lessons.play import Player, Typed


@click.command("play")
@_options.optional_lab_argument
@click.option("--to", "last", type=_options.STEP, metavar="STEP", help="Stop after this step.")
def command(lab: str | None, last: str | None) -> int:
    """Have the lesson's own commands typed for you, and see each step's checks turn green.

    Goes on after the steps whose checks pass already. What was typed for you does not count as passed by you.

    \b
    Examples:
      labs play
      labs play swarm-basics --to join-workers
    """
    cluster = find.running_cluster(lab)
    find.require_main(cluster)
    found = _learning.lab(cluster.id.lab)
    steps = found.lesson.steps
    wanted = steps[: steps.index(_which.the_step(found, last)) + 1] if last else steps
    report = run.run(Request(found, cluster, None, 0))
    _learning.passed(found.name, place.passed(found.lesson, report))
    done = place.done(found.lesson, report)
    player = Player(cluster)
    for number, step in enumerate(wanted):
        if number < done:
            _console.out().print(Text(f"{step.title}: done already", style="dim"))
            player.capture(parse.step_commands(found, step))
        else:
            _play_step(found, cluster, player, step)
    return ExitCode.DONE


def _play_step(lab: Lab, cluster: Cluster, player: Player, step: Step) -> None:
    _console.out().print(Text(f"\n{step.title}", style="bold cyan"))
    if parse.step_commands(lab, step):
        _learning.solution_shown(lab.name, step.id)
    report = _playing.play_step(lab, cluster, player, step, _show)
    for result in report.results:
        _report.show_result(result)
    _playing.conclude(lab, step, report)


def _show(typed: Typed) -> None:
    out = _console.out()
    for number, line in enumerate(typed.script.splitlines()):
        lead = f"[{typed.node}] $ " if number == 0 else " " * (len(typed.node) + 5)
        out.print(Text.assemble((lead, "magenta"), (line, "bold")), soft_wrap=True)
    for line in harmless.plain(typed.output).splitlines():
        out.print(Text(f"  {line}", style="dim"), soft_wrap=True)
