"""`labs verify`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.text import Text

from runner import paths, signals
from runner.checking import duration_records, git_changes, lab_selection, time_budget, verify_report
from runner.checking.lab_selection import LabSelection
from runner.checking.parallel_verify import (
    LabOnDriver,
    ParallelLimits,
    choose_parallel_limits,
    sort_longest_first,
    start_every_lab,
)
from runner.checking.time_budget import TimeBudget
from runner.checking.verify import Assertion, verify_lab
from runner.checking.verify_report import LabVerification
from runner.cli import _console, _options, _verify_output
from runner.clusters import lifecycle, lookup, selection
from runner.errors import BrokenLabError, ExitCode, UsageError
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId, Driver
from runner.storage import atomic, codec, locks


@click.command("verify")
@click.argument("labs", type=_options.LAB, nargs=-1, metavar="[LAB]...")
@click.option("--all", "verify_all", is_flag=True, help="Verify every lab.")
@click.option(
    "--affected-by",
    "revision",
    metavar="REV",
    help="Verify the labs that the changes since a git revision can affect, and the fixed labs of the drivers.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0),
    metavar="MINUTES",
    help="Start only labs that will probably be finished within this time.",
)
@_options.driver_option
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Verify N labs in parallel; by default, two per processor, as far as memory allows.",
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a JSON report to a file."
)
@_options.learner_options
@click.option("--keep", is_flag=True, help="Keep the cluster, for a single lab.")
def command(
    labs: tuple[str, ...],
    verify_all: bool,
    revision: str | None,
    budget: float | None,
    driver: str | None,
    jobs: int | None,
    report: Path | None,
    learner: str | None,
    seed: str | None,
    keep: bool,
) -> int:
    """Test a lab on a fresh cluster: its lesson, its checks and its near misses.

    For every step: its checks fail before it, its commands do what the lesson says, its checks pass after it, and pass
    again. Every near miss in wrong/ makes a check fail with the words that its file promises, and can be undone. Exits
    with 3 if anything is wrong.

    Running clusters are not changed. Several labs are verified in parallel, as memory allows, and shown in a table.
    With --learner, a lab is tested with that learner's values instead of the default values.

    --affected-by verifies the labs that a change can affect: in their own files, their checks, what these import, or
    the recipes of their images; a change to labs itself affects all. It adds the labs in labs/fixed_labs.toml, which
    use the most of each driver. Changes count from where the branch left REV, and include uncommitted files.

    With --budget, the order of the labs changes with each commit, and the labs that were not started are named. They
    do not change the exit code.

    \b
    Examples:
      labs verify swarm-basics
      labs verify swarm-basics --driver uml
      labs verify swarm-basics --learner ada
      labs verify --all --report verified.json
      labs verify --affected-by origin/main --budget 15
    """
    deadline = None if budget is None else time.monotonic() + budget * 60
    names = _resolve_names(labs, verify_all, revision)
    if keep and (len(names) > 1 or budget is not None or revision is not None):
        raise UsageError("'--keep' works for a single lab only.", "Name one lab, or leave out '--keep'.")
    if report:
        paths.check_parent_folder(report)
    parsed_learner = _options.parse_learner(learner, seed) or NO_LEARNER
    loaded_labs = [catalog.load_lab(name, parsed_learner) for name in names]
    if len(loaded_labs) == 1 and budget is None and revision is None:
        return _verify_single_lab(loaded_labs[0], driver, keep, report)
    if revision is not None:
        chosen = lab_selection.select_affected_labs(loaded_labs, revision, driver)
        _verify_output.print_selection(chosen, len(loaded_labs), revision)
    elif verify_all and budget is not None:
        chosen = lab_selection.add_fixed_labs(loaded_labs, driver)
    else:
        chosen = LabSelection(loaded_labs)
    verifications = _verify_labs(chosen, driver, jobs, deadline)
    _verify_output.print_table(verifications)
    _write_report(report, verifications)
    return verify_report.combine_exit_codes(verifications)


def _resolve_names(labs: Sequence[str], verify_all: bool, revision: str | None) -> list[str]:
    """Return the names of the labs to load: those that the user named, or all."""
    if bool(labs) + verify_all + (revision is not None) > 1:
        raise UsageError("LAB, '--all' and '--affected-by' exclude each other.", "Use one of them.")
    if not labs and not verify_all and revision is None:
        raise UsageError("Which labs?", "Run 'labs verify LAB', or 'labs verify --all'.")
    names = list(dict.fromkeys(labs)) or catalog.list_lab_names()
    if not names:
        raise UsageError(f"There is no lab in {paths.labs_folder()}.", "'labs new NAME' creates one.")
    return names


def _verify_single_lab(lab: Lab, driver: str | None, keep: bool, report: Path | None) -> int:
    """Verify one lab in this process, and print each assertion."""
    chosen_driver = selection.choose_driver(lab, driver, None).driver
    verification = _verify_on_fresh_cluster(lab, chosen_driver, keep)
    _write_report(report, [verification])
    tests = len(verification.assertions)
    if verification.failed_assertions:
        raise BrokenLabError(
            f"{len(verification.failed_assertions)} of {tests} tests failed.",
            f"Fix the lesson or its checks, then run 'labs verify {verification.lab}' again.",
        )
    line = f"Verified {verification.lab}: {tests} tests passed in {verification.seconds:.0f} s."
    _console.get_stdout().print(f"\n[bold green]{line}[/]")
    return ExitCode.DONE


def _write_report(report: Path | None, verifications: Sequence[LabVerification]) -> None:
    if report:
        data = verify_report.build_verify_report(verifications)
        atomic.write_text(report, f"{codec.encode_json(data, indent=2)}\n")


def _verify_on_fresh_cluster(lab: Lab, driver: Driver, keep: bool) -> LabVerification:
    cluster = ClusterId(lab.name, "verify")
    start_time = time.monotonic()
    with locks.reserve_cluster(str(cluster)):
        leftover = lookup.survey_clusters().find_cluster(cluster)
        if leftover:
            lifecycle.remove_cluster(selection.load_driver_of_cluster(leftover), cluster)
        with _remove_cluster_afterwards(driver, cluster, keep):
            lifecycle.start(driver, lab, cluster, _console.create_status_reporter())
            assertions = tuple(_print_assertions(driver, lab, cluster))
    code = ExitCode.BROKEN_LAB if any(assertion.failure for assertion in assertions) else ExitCode.DONE
    return LabVerification(lab.name, driver.name, time.monotonic() - start_time, assertions, exit_code=code)


@contextmanager
def _remove_cluster_afterwards(driver: Driver, cluster: ClusterId, keep: bool) -> Iterator[None]:
    try:
        yield
    finally:
        if not keep:
            with signals.ignore_interrupts_in_block():
                lifecycle.remove_cluster(driver, cluster)


def _print_assertions(driver: Driver, lab: Lab, cluster_id: ClusterId) -> Iterator[Assertion]:
    cluster = lifecycle.find_cluster(driver, cluster_id)
    assert cluster is not None
    console = _console.get_stdout()
    step = ""
    for assertion in verify_lab(lab, cluster):
        if step != assertion.step:
            step = assertion.step
            console.print(Text(step, style="bold"))
        symbol, style = ("✗", "red") if assertion.failure else ("✓", "green")
        console.print(Text.assemble((f"  {symbol} ", style), assertion.claim))
        for line in assertion.failure.splitlines():
            console.print(Text(f"      {line}", style="red"))
        yield assertion


def _verify_labs(
    chosen: LabSelection, driver: str | None, max_jobs: int | None, deadline: float | None
) -> list[LabVerification]:
    """Verify several labs in parallel, each on a driver that supports it, and print the results.

    Args:
        chosen: The labs.
        driver: The name of the requested driver, if any.
        max_jobs: How many to verify in parallel, or None for as many as fit.
        deadline: The time after which no lab is started, on the clock of `time.monotonic`; None if there is none.

    Raises:
        HostError: The images cannot be built or pulled.

    """
    jobs, verifications = lab_selection.assign_drivers(chosen, driver)
    if jobs:
        _prepare_images(jobs)
        limits = choose_parallel_limits(jobs, max_jobs, selection.measure_free_memory)
        line = f"Verifying {len(jobs)} labs, up to {limits.labs} in parallel."
        _console.get_stderr().print(line, style="dim")
        verifications += _run_jobs(jobs, limits, chosen, deadline)
    return [replace(result, chosen_because=chosen.reasons.get(result.lab, "")) for result in verifications]


def _run_jobs(
    jobs: Sequence[LabOnDriver], limits: ParallelLimits, chosen: LabSelection, deadline: float | None
) -> list[LabVerification]:
    if deadline is None:
        sorted_jobs = sort_longest_first(jobs)
        return _verify_output.run_jobs(sorted_jobs, limits, start_every_lab, duration_records.record_duration)
    records, fixed_names = duration_records.load_duration_records(), frozenset(chosen.fixed_drivers)
    budget = TimeBudget(deadline, records, fixed_names, os.cpu_count() or 1)

    def on_done(verification: LabVerification) -> None:
        duration_records.record_duration(verification)
        budget.record_result(verification)

    repository = git_changes.find_repository(paths.labs_folder())
    position = repository.find_position_in_history() if repository else 0
    sorted_jobs = time_budget.sort_for_budget(jobs, budget.fixed_names, position)
    return _verify_output.run_jobs(sorted_jobs, limits, budget.explain_refusal, on_done)


def _prepare_images(jobs: Sequence[LabOnDriver]) -> None:
    """Prepare the images of all labs first, so that no lab builds images while the times of others are measured."""
    reporter = _console.create_status_reporter()
    for driver in dict.fromkeys(job.driver for job in jobs):
        images = {image for job in jobs if job.driver == driver for image in job.lab.lesson.images}
        with locks.lock_images(reporter):
            selection.load_driver(driver).ensure_images(sorted(images), reporter)
