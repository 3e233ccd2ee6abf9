"""`labs verify`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.text import Text

from runner import paths, signals
from runner.checking import verify_report
from runner.checking.parallel_verify import LabOnDriver, ParallelVerifier, choose_max_parallel
from runner.checking.verify import Assertion, verify_lab
from runner.checking.verify_report import LabVerification
from runner.cli import _console, _options
from runner.clusters import lifecycle, lookup, selection
from runner.errors import BrokenLabError, ExitCode, HostError, UsageError
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId, Driver
from runner.storage import atomic, codec, locks

_NAME_WIDTH = 18


@click.command("verify")
@click.argument("labs", type=_options.LAB, nargs=-1, metavar="[LAB]...")
@click.option("--all", "verify_all", is_flag=True, help="Verify every lab.")
@_options.driver_option
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Verify N labs in parallel; by default, as many as fit into memory.",
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a JSON report to a file."
)
@_options.learner_options
@click.option("--keep", is_flag=True, help="Keep the cluster, for a single lab.")
def command(
    labs: tuple[str, ...],
    verify_all: bool,
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

    \b
    Examples:
      labs verify swarm-basics
      labs verify swarm-basics --driver uml
      labs verify swarm-basics --learner ada
      labs verify --all --report verified.json
    """
    names = catalog.list_lab_names() if verify_all else list(dict.fromkeys(labs))
    if not names:
        raise UsageError("Which labs?", "Run 'labs verify LAB', or 'labs verify --all'.")
    if keep and len(names) > 1:
        raise UsageError("'--keep' works for a single lab only.", "Name one lab, or leave out '--keep'.")
    if report:
        paths.check_parent_folder(report)
    parsed_learner = _options.parse_learner(learner, seed) or NO_LEARNER
    loaded_labs = [catalog.load_lab(name, parsed_learner) for name in names]
    if len(loaded_labs) > 1:
        verifications = _verify_labs(loaded_labs, driver, jobs)
        _write_report(report, verifications)
        return verify_report.combine_exit_codes(verifications)
    chosen_driver = selection.choose_driver(loaded_labs[0], driver, None).driver
    verification = _verify_single_lab(loaded_labs[0], chosen_driver, keep)
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


def _verify_single_lab(lab: Lab, driver: Driver, keep: bool) -> LabVerification:
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


def _verify_labs(labs: Sequence[Lab], driver: str | None, max_jobs: int | None) -> list[LabVerification]:
    """Verify several labs in parallel, each on a driver that supports it, and print the results.

    Args:
        labs: The labs.
        driver: The name of the requested driver, if any.
        max_jobs: How many to verify in parallel, or None for as many as fit.

    Raises:
        HostError: The images cannot be built or pulled.

    """
    jobs, verifications = _plan_jobs(labs, driver)
    if jobs:
        _prepare_images(jobs)
        parallel = max_jobs or choose_max_parallel(jobs, selection.measure_free_memory)
        line = f"Verifying {len(jobs)} labs, {min(parallel, len(jobs))} in parallel."
        _console.get_stderr().print(line, style="dim")
        verifications += _run_jobs(jobs, parallel)
    _print_table(verifications)
    return verifications


def _plan_jobs(labs: Sequence[Lab], driver: str | None) -> tuple[list[LabOnDriver], list[LabVerification]]:
    """Return the jobs, and a verification without a driver for each lab that no driver supports here."""
    jobs, unsupported = [], []
    for lab in labs:
        try:
            jobs.append(LabOnDriver(lab, selection.choose_driver(lab, driver, None).driver.name))
        except HostError as error:
            reason = f"{error.message} {error.advice}"
            unsupported.append(LabVerification(lab.name, "", 0, (), reason, ExitCode.HOST))
    return jobs, unsupported


def _prepare_images(jobs: Sequence[LabOnDriver]) -> None:
    """Prepare the images of all labs first, so that no lab builds images while the times of others are measured."""
    reporter = _console.create_status_reporter()
    for driver in dict.fromkeys(job.driver for job in jobs):
        images = {image for job in jobs if job.driver == driver for image in job.lab.lesson.images}
        with locks.lock_images(reporter):
            selection.load_driver(driver).ensure_images(sorted(images), reporter)


def _run_jobs(jobs: Sequence[LabOnDriver], parallel: int) -> list[LabVerification]:
    from rich.live import Live

    console = _console.get_stderr()
    lines = _console.LiveJobLines(_NAME_WIDTH)

    def on_done(verification: LabVerification, output: str) -> None:
        lines.remove_line(verification.lab)
        lab, driver = verification.lab, verification.driver
        if verification.exit_code:
            console.print(Text.assemble(("✗ ", "red"), (lab, "bold"), f" on {driver}, which printed:"))
            console.print(Text(output.rstrip()), soft_wrap=True)
        else:
            summary = f"{len(verification.assertions)} tests passed in {verification.seconds:.0f} s"
            console.print(Text.assemble(("✓ ", "green"), f"{lab} on {driver}: {summary}"))

    if not console.is_terminal:
        return ParallelVerifier(parallel, _log_line).verify_labs(jobs, on_done)
    with Live(lines, console=console, refresh_per_second=4, transient=True):
        return ParallelVerifier(parallel, lines.set_line).verify_labs(jobs, on_done)


def _log_line(lab: str, line: str) -> None:
    """Log the steps of a lab, but not the individual tests in them."""
    if line and not line.startswith(" "):
        _console.get_stderr().print(Text(f"{lab}: {line}"), soft_wrap=True)


def _print_table(verifications: Sequence[LabVerification]) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("LAB", "DRIVER", "TESTS", "FAILED", "SECONDS", ""):
        table.add_column(heading, justify="right" if heading in ("TESTS", "FAILED", "SECONDS") else "left")
    for verification in sorted(verifications, key=lambda verification: verification.lab):
        table.add_row(
            verification.lab,
            verification.driver or "-",
            str(len(verification.assertions)),
            str(len(verification.failed_assertions)),
            f"{verification.seconds:.0f}",
            _format_verdict(verification),
        )
    _console.get_stdout().print(table)


def _format_verdict(verification: LabVerification) -> Text:
    if not verification.driver:
        return Text(f"not supported here: {verification.error}", style="yellow")
    if verification.exit_code == ExitCode.DONE:
        return Text("passed", style="green")
    return Text("did not finish" if verification.error else "failed", style="red")
