"""`labs check`."""

from __future__ import annotations

import json

import click

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.cli import _options, _progress, _resolve
from runner.clusters import lookup
from runner.progress import completion


@click.command("check")
@_options.optional_lab_argument
@click.option("--step", "step_id", type=_options.STEP, metavar="ID", help="Only the checks of one step.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option(
    "--patience",
    type=click.FloatRange(0, 300),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait in all for what is still settling.",
)
def command(lab: str | None, step_id: str | None, as_json: bool, patience: float) -> int:
    """See what your cluster has reached and what not, and why.

    What passes is noted as your progress, which `labs list` shows.

    Exits with 0 if all checks pass, 1 if some do not yet, 4 if some could not be checked.

    \b
    Examples:
      labs check
      labs check swarm-basics --step join-workers
      labs check --json | jq .counts
    """
    cluster = lookup.survey_clusters().require_running_cluster(lab)
    found = _progress.load_learner_lab(cluster.id.lab)
    step = None if step_id is None else _resolve.the_step(found, step_id)
    report = run_checks.run_checks(CheckRequest(found, cluster, frozenset({step.id}) if step else None, patience))
    passed = completion.find_passed_steps(found.lesson, report, all_checks_ran=step is None) if cluster.id.is_main else ()
    noted = _progress.record_passed(found.name, passed)
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=2))
    else:
        from runner.cli import _check_results

        _check_results.print_report(report, found, noted)
    return report.exit_code
