"""`labs check`."""

from __future__ import annotations

import dataclasses
import json

import click

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport
from runner.cli import _options, _progress
from runner.progress import passed_steps
from runner.session import require_step


@click.command("check")
@_options.optional_lab_argument
@click.option("--step", "step_id", type=_options.STEP, metavar="ID", help="Run only the checks of this step.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option(
    "--patience",
    type=click.FloatRange(0, 300),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="Time to wait, in total, for a cluster that is still settling.",
)
def command(lab: str | None, step_id: str | None, as_json: bool, patience: float) -> int:
    """Check which steps of the lesson your cluster has reached, and why others fail.

    Records the steps that pass as your progress, which 'labs list' shows.

    Exits with 0 if all checks pass, 1 if some fail, and 4 if some could not be checked.

    \b
    Examples:
      labs check
      labs check swarm-basics --step join-workers
      labs check --json | jq .counts
    """
    session = _progress.create_session()
    cluster = session.cluster_survey.require_running_cluster(lab)
    loaded_lab = session.load_lab(cluster.id.lab)
    step = None if step_id is None else require_step(loaded_lab, step_id)
    request = CheckRequest(loaded_lab, cluster, frozenset({step.id}) if step else None, patience)
    report = run_checks.run_checks(request) if as_json else _run_and_print(request)
    passed: tuple[str, ...] = ()
    if cluster.id.is_main:
        passed = passed_steps.find_passed_step_ids(loaded_lab.lesson, report, all_checks_ran=step is None)
    update = _progress.record_steps_passed(loaded_lab.name, passed)
    if as_json:
        click.echo(json.dumps(report.to_json_dict(), indent=2))
    else:
        from runner.cli import _check_results

        _check_results.print_summary(report, loaded_lab, update)
    return report.exit_code


def _run_and_print(request: CheckRequest) -> CheckReport:
    """Run the checks and print their results: on a terminal as they come, elsewhere when all have run."""
    from runner.cli import _check_results, _console

    lesson = request.lab.lesson
    if not _console.get_stdout().is_terminal:
        report = run_checks.run_checks(request)
        _check_results.print_results(report, lesson)
        return report
    display = _check_results.LiveCheckDisplay(lesson)
    with display.show():
        return run_checks.run_checks(dataclasses.replace(request, observer=display))
