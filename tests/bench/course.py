"""The labs that learners take: how long a check of each takes, and the proof of them all."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from runner.checking import verify_report
from runner.clusters import selection
from runner.lessons import catalog
from tests.bench import ROUNDS
from tests.bench.timing import Row, labs, say, seconds

_GOALS = {"docker": "<= 1.5 s", "uml": "<= 3 s"}


def measure() -> tuple[list[Row], list[str]]:
    """Measure every lab on the driver that serves it here."""
    labs("rm", "--all")
    rows = [_check(name) for name in catalog.list_lab_names()]
    verify, notes = _verify()
    return [*rows, verify], notes


def _check(name: str) -> Row:
    driver = selection.choose_driver(catalog.load_lab(name), None, None).driver.name
    say(f"{name}: checking it finished, on {driver} ...")
    labs("start", name, "--driver", driver)
    labs("play", name)
    taken = statistics.median(seconds(lambda: labs("check", name)) for _ in range(ROUNDS * 2))
    labs("rm", name)
    return Row(f"{driver}: labs check, finished {name}", taken, "-", None, _GOALS[driver])


def _verify() -> tuple[Row, list[str]]:
    say("all labs: verifying them ...")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        taken = seconds(lambda: labs("verify", "--all", "--report", str(report)))
        found = verify_report.parse_verify_report(json.loads(report.read_text("utf-8")))
    notes = [
        f"labs verify {one.lab}, on {one.driver}: {len(one.assertions)} things in {one.seconds:.0f} s" for one in found
    ]
    return Row("labs verify --all", taken, "-", None, "<= 1500 s"), notes
