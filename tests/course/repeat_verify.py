"""Verify labs many times, some of them on a busy host: `python -m tests.course.repeat_verify LAB --times 10 --busy 5`.

A lesson may hold once and fail on a slower computer: a wait that is too short, a race between two commands, an order
that is not guaranteed. A lab holds if it passes ten times in a row, five of them with a busy loop on each processor.
Each run adds a row to the table, so that a run that is interrupted is not lost.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from runner.checking import verify_report
from runner.checking.verify_report import LabVerification
from runner.errors import ExitCode

_BUSY_LOOP = [sys.executable, "-c", "while True: pass"]
_HEADER = "| date (UTC) | lab | run | busy loops | load | seconds | result |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Run:
    """One `labs verify` of one lab.

    Attributes:
        lab: The lab's name.
        number: Which of its runs this is, from 1.
        busy_loops: How many busy loops ran beside it.

    """

    lab: str
    number: int
    busy_loops: int


def plan_runs(labs: Sequence[str], times: int, busy: int, processors: int) -> list[Run]:
    """Return the runs of all labs, in order; the last `busy` runs of each lab have a busy loop on each processor."""
    return [
        Run(lab, number, processors if number > times - busy else 0) for lab in labs for number in range(1, times + 1)
    ]


@contextmanager
def run_busy_loops(count: int) -> Iterator[list[int]]:
    """Run busy loops until the block ends, and yield their process ids."""
    loops: list[subprocess.Popen[bytes]] = []
    try:
        loops.extend(subprocess.Popen(_BUSY_LOOP) for _ in range(count))
        yield [loop.pid for loop in loops]
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def verify_once(run: Run, driver: str | None) -> LabVerification:
    """Verify a lab in a separate process, as an author does, and return what its report says."""
    with tempfile.TemporaryDirectory() as folder, run_busy_loops(run.busy_loops):
        report = Path(folder) / "report.json"
        options = ["--driver", driver] if driver else []
        command = [sys.executable, "-m", "runner", "verify", run.lab, "--report", str(report), *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if report.exists():
            (verification,) = verify_report.parse_verify_report(json.loads(report.read_text("utf-8")))
            return verification
    last_lines = "\n".join(f"{result.stdout}{result.stderr}".splitlines()[-5:])
    return LabVerification(run.lab, driver or "", 0, (), last_lines or "no output", result.returncode)


def describe_failures(verification: LabVerification) -> list[str]:
    """Return what was not as it should be; empty if the lab passed."""
    failures = [f"{test.step}: {test.claim}: {test.failure}" for test in verification.failed_assertions]
    return failures + ([verification.error] if verification.error else [])


@click.command()
@click.argument("labs", nargs=-1, required=True)
@click.option("--times", type=click.IntRange(1), default=10, show_default=True, help="How often to verify each lab.")
@click.option("--busy", type=click.IntRange(0), default=5, show_default=True, help="How many of them on a busy host.")
@click.option("--driver", help="The driver; by default, the one that this host selects for the lab.")
def main(labs: tuple[str, ...], times: int, busy: int, driver: str | None) -> None:
    """Verify each lab several times, and print a table of the runs and what failed."""
    click.echo(_HEADER)
    failed = 0
    for run in plan_runs(labs, times, busy, len(os.sched_getaffinity(0))):
        verification = verify_once(run, driver)
        failures = describe_failures(verification)
        failed += bool(failures)
        result = f"{len(failures)} failed" if failures else f"{len(verification.assertions)} tests passed"
        now, load, seconds = datetime.now(UTC), os.getloadavg()[0], verification.seconds
        cells = (f"{now:%F %T}", run.lab, run.number, run.busy_loops, f"{load:.1f}", f"{seconds:.0f}", result)
        click.echo(f"| {' | '.join(map(str, cells))} |")
        for failure in failures:
            click.echo(failure, err=True)
    sys.exit(ExitCode.BROKEN_LAB if failed else ExitCode.DONE)


if __name__ == "__main__":
    main()
