"""Benchmark `labs watch`: how soon it shows a change, and how much processor time it uses without changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from runner.drivers.docker.driver import DockerDriver
from runner.drivers.uml.driver import UmlDriver
from runner.nodes.driver_interface import Driver
from tests.bench import BENCH_LAB
from tests.bench.timing import Row, find_lab_nodes, print_status, run_labs
from tests.support.emulated_screen import ScreenTerminal

# After this time without changes, the pauses between polls are at their maximum.
_IDLE_SECONDS = 40
_MINUTE = 60


def measure_watch() -> tuple[list[Row], list[str]]:
    """Measure on both drivers."""
    rows = []
    for driver in (DockerDriver(), UmlDriver()):
        print_status(f"watch: with the driver {driver.name} ...")
        run_labs("rm", "--all")
        run_labs("start", BENCH_LAB, "--driver", driver.name)
        rows += _measure_with_driver(driver)
        run_labs("rm", BENCH_LAB)
    return rows, []


def _measure_with_driver(driver: Driver) -> list[Row]:
    display = ScreenTerminal([sys.executable, "-m", "runner", "watch", BENCH_LAB], {**os.environ}, columns=100, rows=40)
    try:
        display.wait_for("✗ node1 has a container called lonely")
        latency = max(_apply_change(display, change, shown) for change, shown in _list_changes(driver))
        display.wait_seconds(_IDLE_SECONDS)
        before = _read_processor_seconds(display.process.pid)
        display.wait_seconds(_MINUTE)
        spent = _read_processor_seconds(display.process.pid) - before
    finally:
        display.close()
    name = f"watch, {driver.name}"
    return [
        Row(f"{name}: a state changes until it is shown green, slowest of 4", latency, "-", None, "<= 2 s"),
        Row(f"{name}: processor time in an idle minute", spent, "-", None, "<= 1.8 s (3 %)"),
    ]


def _list_changes(driver: Driver) -> list[tuple[Callable[[], object], str]]:
    """Return changes as a learner makes them, and the text that then turns green.

    Engine events notify the watch of the first three changes, and `labs exec` of the last one.
    """
    node = find_lab_nodes(driver)[0]
    api = node.create_engine_client()
    return [
        (
            lambda: api.containers.run("nginx:alpine", name="lonely", detach=True),
            "✓ node1 has a container called lonely",
        ),
        (lambda: api.containers.get("lonely").kill(), "✓ One engine, and its limits"),
        (lambda: api.swarm.init(advertise_addr=node.address), "✓ Create the swarm"),
        (
            lambda: run_labs("exec", "node1", "--", "sh", "-c", _SAVE_TOKEN),
            "✓ The file /root/worker-token on node1 contains",
        ),
    ]


_SAVE_TOKEN = "docker swarm join-token --quiet worker | tee worker-token"


def _apply_change(display: ScreenTerminal, change: Callable[[], object], shown: str) -> float:
    change()
    return display.wait_for(shown)


def _read_processor_seconds(process: int) -> float:
    """Return the seconds of processor time that a process and its child processes have used."""
    ticks = os.sysconf("SC_CLK_TCK")
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    # Its own time, and the time of child processes that have exited.
    return sum(map(int, fields[11:15])) / ticks + sum(_read_processor_seconds(int(child)) for child in children)
