"""`labs play`."""

from __future__ import annotations

import click
from rich.text import Text

from runner import sanitize
from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.cli import _check_results, _console, _options, _playback, _progress, _resolve
from runner.clusters import lookup
from runner.errors import ExitCode
from runner.lessons import parse
from runner.lessons.model import Lab, Step
from runner.lessons.player import CommandResult, LessonPlayer
from runner.nodes.driver_interface import Cluster
from runner.progress import completion


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
    cluster = lookup.survey_clusters().require_running_cluster(lab)
    lookup.require_main_cluster(cluster)
    found = _progress.load_learner_lab(cluster.id.lab)
    steps = found.lesson.steps
    wanted = steps[: steps.index(_resolve.the_step(found, last)) + 1] if last else steps
    report = run_checks.run_checks(CheckRequest(found, cluster, None, 0))
    _progress.record_passed(found.name, completion.find_passed_steps(found.lesson, report))
    done = completion.count_completed_steps(found.lesson, report)
    player = LessonPlayer(cluster)
    for number, step in enumerate(wanted):
        if number < done:
            _console.get_stdout().print(Text(f"{step.title}: done already", style="dim"))
            player.rerun_captures(parse.load_step_commands(found, step))
        else:
            _play_step(found, cluster, player, step)
    return ExitCode.DONE


def _play_step(lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step) -> None:
    _console.get_stdout().print(Text(f"\n{step.title}", style="bold cyan"))
    if parse.load_step_commands(lab, step):
        _progress.record_solution(lab.name, step.id)
    report = _playback.play_step(lab, cluster, player, step, _show)
    for result in report.results:
        _check_results.print_result(result)
    _playback.record_step(lab, step, report)


def _show(typed: CommandResult) -> None:
    out = _console.get_stdout()
    for number, line in enumerate(typed.script.splitlines()):
        lead = f"[{typed.node}] $ " if number == 0 else " " * (len(typed.node) + 5)
        out.print(Text.assemble((lead, "magenta"), (line, "bold")), soft_wrap=True)
    for line in sanitize.strip_control_chars(typed.output).splitlines():
        out.print(Text(f"  {line}", style="dim"), soft_wrap=True)
