"""`labs watch`: how soon it shows what has changed, and what it costs while nothing does."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from runner.drivers.docker.driver import DockerDriver
from runner.drivers.uml.driver import UmlDriver
from runner.nodes.driver_interface import Driver
from tests.bench import LAB
from tests.bench.timing import Row, labs, nodes_of, say
from tests.screen import Display

# By then the pauses between looks have grown to their longest.
_CALM_SECONDS = 40
_MINUTE = 60


def measure() -> tuple[list[Row], list[str]]:
    """Measure on both drivers."""
    rows = []
    for driver in (DockerDriver(), UmlDriver()):
        say(f"watch: beside the driver {driver.name} ...")
        labs("rm", "--all")
        labs("start", LAB, "--driver", driver.name)
        rows += _measure(driver)
        labs("rm", LAB)
    return rows, []


def _measure(driver: Driver) -> list[Row]:
    display = Display([sys.executable, "-m", "runner", "watch", LAB], {**os.environ}, columns=100, rows=40)
    try:
        display.await_("✗ node1 has a container called lonely")
        soon = max(_until(display, change, shown) for change, shown in _changes(driver))
        display.pass_by(_CALM_SECONDS)
        before = _spent(display.process.pid)
        display.pass_by(_MINUTE)
        spent = _spent(display.process.pid) - before
    finally:
        display.close()
    name = f"watch, {driver.name}"
    return [
        Row(f"{name}: a state changes until it is shown green, slowest of 4", soon, "-", None, "<= 2 s"),
        Row(f"{name}: processor time in an idle minute", spent, "-", None, "<= 1.8 s (3 %)"),
    ]


def _changes(driver: Driver) -> list[tuple[Callable[[], object], str]]:
    """Return what is done as a learner would, and what then turns green: told by engines, and by a terminal."""
    node = nodes_of(driver)[0]
    api = node.create_client()
    return [
        (
            lambda: api.containers.run("nginx:alpine", name="lonely", detach=True),
            "✓ node1 has a container called lonely",
        ),
        (lambda: api.containers.get("lonely").kill(), "✓ One engine, and its limits"),
        (lambda: api.swarm.init(advertise_addr=node.address), "✓ Create the swarm"),
        (lambda: labs("exec", "node1", "--", "sh", "-c", _NOTE), "✓ The file /root/worker-token on node1 contains"),
    ]


_NOTE = "docker swarm join-token --quiet worker | tee worker-token"


def _until(display: Display, change: Callable[[], object], shown: str) -> float:
    change()
    return display.await_(shown)


def _spent(process: int) -> float:
    """Return the seconds of processor time that a process and those it has started have used."""
    ticks = os.sysconf("SC_CLK_TCK")
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    # Its own, and that of children that have ended.
    return sum(map(int, fields[11:15])) / ticks + sum(_spent(int(child)) for child in children)
