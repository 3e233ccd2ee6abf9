"""Benchmark `labs check` for each finished lab, and `labs verify --all`."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from runner.checking import verify_report
from runner.clusters import selection
from runner.lessons import catalog
from tests.bench import ROUNDS
from tests.bench.timing import Row, measure_seconds, print_status, run_labs

_GOALS = {"docker": "<= 1.5 s", "uml": "<= 3 s"}


def measure_check_and_verify() -> tuple[list[Row], list[str]]:
    """Measure every lab on the driver that this host selects for it."""
    run_labs("rm", "--all")
    rows = [_measure_check(name) for name in catalog.list_lab_names()]
    verify_row, notes = _measure_verify()
    return [*rows, verify_row], notes


def _measure_check(name: str) -> Row:
    driver = selection.choose_driver(catalog.load_lab(name), None, None).driver.name
    print_status(f"{name}: checking the finished lab, on {driver} ...")
    run_labs("start", name, "--driver", driver)
    run_labs("play", name)
    duration = statistics.median(measure_seconds(lambda: run_labs("check", name)) for _ in range(ROUNDS * 2))
    run_labs("rm", name)
    return Row(f"{driver}: labs check, finished {name}", duration, "-", None, _GOALS[driver])


def _measure_verify() -> tuple[Row, list[str]]:
    print_status("verifying all labs ...")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        duration = measure_seconds(lambda: run_labs("verify", "--all", "--report", str(report)))
        verifications = verify_report.parse_verify_report(json.loads(report.read_text("utf-8")))
    notes = [
        f"labs verify {result.lab}, on {result.driver}: {len(result.assertions)} assertions in {result.seconds:.0f} s"
        for result in verifications
    ]
    return Row("labs verify --all", duration, "-", None, "<= 1500 s"), notes
