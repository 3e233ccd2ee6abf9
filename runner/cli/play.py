"""`labs play`."""

from __future__ import annotations

from collections.abc import Iterable

import click
from rich.text import Text

from runner import suggest
from runner.checking import run
from runner.checking.outcomes import Outcome
from runner.checking.request import Request
from runner.cli import _console, _harmless, _options, _report
from runner.clusters import find
from runner.clusters.driver import Cluster
from runner.errors import ExitCode, NotYetError
from runner.lessons import catalog, parse
from runner.lessons.model import Command, Lab, Step
from runner.lessons.play import Player, Typed

_SETTLING_SECONDS = 30.0


@click.command("play")
@_options.optional_lab_argument
@click.option("--to", "last", type=_options.STEP, metavar="STEP", help="Stop after this step.")
def command(lab: str | None, last: str | None) -> int:
    """Have the lesson's own commands typed for you, and see each step's checks turn green.

    Goes on after the steps whose checks pass already.

    \b
    Examples:
      labs play
      labs play swarm-basics --to join-workers
    """
    cluster = find.running_cluster(lab)
    found = catalog.load(cluster.id.lab)
    ids = [step.id for step in found.lesson.steps]
    if last is not None and last not in ids:
        raise suggest.unknown("step", last, ids, f"labs show {found.name}")
    wanted = found.lesson.steps[: ids.index(last) + 1] if last else found.lesson.steps
    player = Player(cluster)
    done = _done_already(found, cluster)
    for step in wanted:
        commands = parse.step_commands(found, step)
        if step.id in done:
            _console.out().print(Text(f"{step.title}: done already", style="dim"))
            player.capture(commands)
        else:
            _play_step(found, cluster, player, step, commands)
    return ExitCode.DONE


def _done_already(lab: Lab, cluster: Cluster) -> set[str]:
    """Return the steps from the first on whose checks all pass; a step without checks counts with the one after it."""
    report = run.run(Request(lab, cluster, None, 0))
    passed = 0
    for number, step in enumerate(lab.lesson.steps, 1):
        results = report.of_step(step.id)
        if any(result.outcome is not Outcome.PASSED for result in results):
            break
        passed = number if results else passed
    return {step.id for step in lab.lesson.steps[:passed]}


def _play_step(lab: Lab, cluster: Cluster, player: Player, step: Step, commands: Iterable[Command]) -> None:
    out = _console.out()
    out.print(Text(f"\n{step.title}", style="bold cyan"))
    for typed in player.play(commands):
        _show(typed)
        if typed.complaint:
            raise NotYetError(
                f"The lesson's line {typed.command.line} did not do on {typed.node} what it should: {typed.complaint}.",
                f"'labs check' says where your cluster is; 'labs reset {lab.name}' starts afresh.",
            )
    report = run.run(Request(lab, cluster, frozenset({step.id}), _SETTLING_SECONDS))
    for result in report.results:
        _report.show_result(result)
    if report.exit_code is not ExitCode.DONE:
        raise NotYetError(
            f"The step '{step.id}' was played, but its checks do not pass.",
            f"'labs check --step {step.id}' looks again; 'labs reset {lab.name}' starts afresh.",
        )


def _show(typed: Typed) -> None:
    out = _console.out()
    for number, line in enumerate(typed.script.splitlines()):
        lead = f"[{typed.node}] $ " if number == 0 else " " * (len(typed.node) + 5)
        out.print(Text.assemble((lead, "magenta"), (line, "bold")), soft_wrap=True)
    for line in _harmless.plain(typed.output).splitlines():
        out.print(Text(f"  {line}", style="dim"), soft_wrap=True)
