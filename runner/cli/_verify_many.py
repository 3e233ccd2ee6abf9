"""Several labs verified at the same time, shown live and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.checking.parallel_verify import ParallelVerifier, VerifyJob, choose_job_count
from runner.checking.verify_report import LabVerification
from runner.cli import _console
from runner.cli._live_lines import LiveLines
from runner.clusters import selection
from runner.errors import ExitCode, HostError
from runner.lessons.model import Lab
from runner.storage import locks

_NAME_WIDTH = 18


def verify(labs: Sequence[Lab], driver: str | None, jobs: int | None) -> list[LabVerification]:
    """Verify labs on the drivers that serve them, and show what came of it.

    Args:
        labs: The labs.
        driver: The driver that was asked for, if one was.
        jobs: How many at a time, or None for as many as fit.

    Raises:
        HostError: The images cannot be made.

    """
    planned, unserved = _plan(labs, driver)
    found = list(unserved)
    if planned:
        _prepare_images(planned)
        at_once = jobs or choose_job_count(planned, selection.measure_free_memory)
        _console.get_stderr().print(f"Verifying {len(planned)} labs, {min(at_once, len(planned))} at a time.", style="dim")
        found += _run(planned, at_once)
    _console.get_stdout().print(_table(found))
    return found


def _plan(labs: Sequence[Lab], driver: str | None) -> tuple[list[VerifyJob], list[LabVerification]]:
    planned, unserved = [], []
    for lab in labs:
        try:
            planned.append(VerifyJob(lab, selection.choose_driver(lab, driver, None).driver.name))
        except HostError as error:
            unserved.append(LabVerification(lab.name, "", 0, (), f"{error.message} {error.advice}", ExitCode.HOST))
    return planned, unserved


def _prepare_images(planned: Sequence[VerifyJob]) -> None:
    """Make the images of all labs before the first, lest each lab's start makes some while others are measured."""
    reporter = _console.create_status_reporter()
    for name in dict.fromkeys(one.driver for one in planned):
        wanted = {image for one in planned if one.driver == name for image in one.lab.lesson.images}
        with locks.lock_images(reporter):
            selection.load_driver(name).ensure_images(sorted(wanted), reporter)


def _run(planned: Sequence[VerifyJob], jobs: int) -> list[LabVerification]:
    screen = LiveLines(_NAME_WIDTH)
    told = _console.get_stderr()

    def ended(one: LabVerification, output: str) -> None:
        screen.remove_line(one.lab)
        if one.exit_code:
            told.print(Text.assemble(("✗ ", "red"), (one.lab, "bold"), f" on {one.driver}, which printed:"))
            told.print(Text(output.rstrip()), soft_wrap=True)
        else:
            tried = f"{len(one.assertions)} things tried in {one.seconds:.0f} s"
            told.print(Text.assemble(("✓ ", "green"), f"{one.lab} on {one.driver}: {tried}"))

    if not told.is_terminal:
        return ParallelVerifier(jobs, _log).verify_labs(planned, ended)
    with Live(screen, console=told, refresh_per_second=4, transient=True):
        return ParallelVerifier(jobs, screen.set_line).verify_labs(planned, ended)


def _log(lab: str, line: str) -> None:
    """Show in a log how far a lab has come: its steps, without all that is tried in them."""
    if line and not line.startswith(" "):
        _console.get_stderr().print(Text(f"{lab}: {line}"), soft_wrap=True)


def _table(found: Sequence[LabVerification]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("LAB", "DRIVER", "TRIED", "WRONG", "SECONDS", ""):
        table.add_column(heading, justify="right" if heading in ("TRIED", "WRONG", "SECONDS") else "left")
    for one in sorted(found, key=lambda one: one.lab):
        table.add_row(
            one.lab,
            one.driver or "-",
            str(len(one.assertions)),
            str(len(one.failed_assertions)),
            f"{one.seconds:.0f}",
            _verdict(one),
        )
    return table


def _verdict(one: LabVerification) -> Text:
    if not one.driver:
        return Text(f"not served here: {one.error}", style="yellow")
    if one.exit_code == ExitCode.DONE:
        return Text("holds", style="green")
    return Text("could not be tried to its end" if one.error else "does not hold", style="red")
