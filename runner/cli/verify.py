"""`labs verify`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.text import Text

from runner import paths, signals
from runner.checking import verify_report
from runner.checking.verify import Assertion, verify_lab
from runner.checking.verify_report import LabVerification
from runner.cli import _console, _options, _verify_many
from runner.clusters import lifecycle, lookup, selection
from runner.errors import BrokenLabError, ExitCode, UsageError
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId, Driver
from runner.storage import locks


@click.command("verify")
@click.argument("labs", type=_options.LAB, nargs=-1, metavar="[LAB]...")
@click.option("--all", "everything", is_flag=True, help="Every lab there is.")
@_options.driver_option
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="How many labs at a time; as many as fit if not told."
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write all that was tried to a file, as JSON.",
)
@_options.learner_options
@click.option("--keep", is_flag=True, help="Leave the cluster it was tried on; of one lab only.")
def command(
    labs: tuple[str, ...],
    everything: bool,
    driver: str | None,
    jobs: int | None,
    report: Path | None,
    learner: str | None,
    seed: str | None,
    keep: bool,
) -> int:
    """Prove that a lab's lesson and checks agree, on a fresh cluster beside any that runs.

    For every step: its checks fail before it, its commands do what the lesson says, its checks pass after it, twice,
    and each near miss in wrong/ fails with the words it promises and can be put right again. Exits with 3 if not.
    Several labs are tried at the same time, as far as memory allows, and told in a table. With --learner it is that
    learner's values that they are tried with, and otherwise the lesson's own.

    \b
    Examples:
      labs verify swarm-basics
      labs verify swarm-basics --driver uml
      labs verify swarm-basics --learner ada
      labs verify --all --report verified.json
    """
    names = catalog.list_lab_names() if everything else list(dict.fromkeys(labs))
    if not names:
        raise UsageError("No lab is named.", "Type 'labs verify LAB', or 'labs verify --all'.")
    if keep and len(names) > 1:
        raise UsageError("'--keep' leaves the cluster of one lab.", "Name one lab, or leave it out.")
    if report:
        paths.require_folder_of(report)
    whose = _options.parse_learner(learner, seed) or NO_LEARNER
    found = [catalog.load_lab(name, whose) for name in names]
    if len(found) > 1:
        done = _verify_many.verify(found, driver, jobs)
        _write(report, done)
        return verify_report.combine_exit_codes(done)
    one = _verify_one(found[0], selection.choose_driver(found[0], driver, None).driver, keep)
    _write(report, [one])
    if one.failed_assertions:
        raise BrokenLabError(
            f"{len(one.failed_assertions)} of {len(one.assertions)} things that were tried are not so.",
            f"Mend the lesson or its checks, then 'labs verify {one.lab}'.",
        )
    _console.get_stdout().print(f"\n[bold green]'{one.lab}' holds: {len(one.assertions)} things tried in {one.seconds:.0f} s.[/]")
    return ExitCode.DONE


def _verify_one(lab: Lab, driver: Driver, keep: bool) -> LabVerification:
    cluster = ClusterId(lab.name, "verify")
    began = time.monotonic()
    with locks.reserve_cluster(str(cluster)):
        remains = lookup.survey_clusters().find_cluster(cluster)
        if remains:
            lifecycle.remove(selection.load_driver_of_cluster(remains), cluster)
        with _removed_again(driver, cluster, keep):
            lifecycle.start(driver, lab, cluster, _console.create_status_reporter())
            proofs = tuple(_show_all(driver, lab, cluster))
    code = ExitCode.BROKEN_LAB if any(proof.failure for proof in proofs) else ExitCode.DONE
    return LabVerification(lab.name, driver.name, time.monotonic() - began, proofs, exit_code=code)


@contextmanager
def _removed_again(driver: Driver, cluster: ClusterId, keep: bool) -> Iterator[None]:
    try:
        yield
    finally:
        if not keep:
            with signals.uninterrupted():
                lifecycle.remove(driver, cluster)


def _show_all(driver: Driver, lab: Lab, cluster: ClusterId) -> Iterator[Assertion]:
    made = lifecycle.find(driver, cluster)
    assert made is not None
    out = _console.get_stdout()
    step = ""
    for proof in verify_lab(lab, made):
        if step != proof.step:
            step = proof.step
            out.print(Text(step, style="bold"))
        mark, style = ("✗", "red") if proof.failure else ("✓", "green")
        out.print(Text.assemble((f"  {mark} ", style), proof.claim))
        for line in proof.failure.splitlines():
            out.print(Text(f"      {line}", style="red"))
        yield proof


def _write(report: Path | None, found: list[LabVerification]) -> None:
    if report:
        report.write_text(json.dumps(verify_report.build_verify_report(found), indent=2) + "\n", "utf-8")
