"""`labs play`."""

from __future__ import annotations

import click
from rich.text import Text

from runner import sanitize
from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.cli import _check_results, _console, _options, _playback, _progress
from runner.clusters import lookup
from runner.errors import ExitCode
from runner.lessons import parse
from runner.lessons.model import Lab, Step
from runner.lessons.player import CommandResult, LessonPlayer
from runner.nodes.driver_interface import Cluster
from runner.progress import passed_steps
from runner.session import require_step


@click.command("play")
@_options.optional_lab_argument
@click.option("--to", "last_step", type=_options.STEP, metavar="STEP", help="Stop after this step.")
def command(lab: str | None, last_step: str | None) -> int:
    """Run the lesson's commands for you, and the checks after each step.

    Skips the first steps if their checks pass already. Steps that were played for you do not count as passed.

    \b
    Examples:
      labs play
      labs play swarm-basics --to join-workers
    """
    session = _progress.create_session()
    cluster = session.cluster_survey.require_running_cluster(lab)
    lookup.check_is_main_cluster(cluster)
    loaded_lab = session.load_lab(cluster.id.lab)
    steps = loaded_lab.lesson.steps
    if last_step:
        steps = steps[: steps.index(require_step(loaded_lab, last_step)) + 1]
    report = run_checks.run_checks(CheckRequest(loaded_lab, cluster, None, 0))
    _progress.record_steps_passed(loaded_lab.name, passed_steps.find_passed_step_ids(loaded_lab.lesson, report))
    completed = passed_steps.count_leading_passed_steps(loaded_lab.lesson, report)
    player = LessonPlayer(cluster)
    for number, step in enumerate(steps):
        if number < completed:
            _console.get_stdout().print(Text(f"{step.title}: already done", style="dim"))
            player.rerun_capturing_commands(parse.load_solution_commands(loaded_lab, step))
        else:
            _play_step(loaded_lab, cluster, player, step)
    return ExitCode.DONE


def _play_step(lab: Lab, cluster: Cluster, player: LessonPlayer, step: Step) -> None:
    _console.get_stdout().print(Text(f"\n{step.title}", style="bold cyan"))
    if parse.load_solution_commands(lab, step):
        _progress.record_solution_shown(lab.name, step.id)
    report = _playback.play_and_check_step(lab, cluster, player, step, _print_command)
    for result in report.results:
        _check_results.print_check_result(result)
    _playback.record_played_step_if_passed(lab, step, report)


def _print_command(result: CommandResult) -> None:
    console = _console.get_stdout()
    for number, line in enumerate(result.script.splitlines()):
        prompt = f"[{result.node}] $ " if number == 0 else " " * (len(result.node) + 5)
        console.print(Text.assemble((prompt, "magenta"), (line, "bold")), soft_wrap=True)
    for line in sanitize.strip_control_chars(result.output).splitlines():
        console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
