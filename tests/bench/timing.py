"""What all measurements share."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from runner.nodes.driver_interface import Driver, Node
from tests.bench import LAB

_LABS = [sys.executable, "-m", "runner"]
say = Console(stderr=True).print


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; times in seconds."""

    what: str
    ours: float
    beside: str
    theirs: float | None
    goal: str

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        theirs = f"{self.theirs:.2f} s" if self.theirs is not None else "-"
        ratio = f"{self.ours / self.theirs:.2f}x" if self.theirs else "-"
        return self.what, f"{self.ours:.2f} s", self.beside, theirs, ratio, self.goal


def seconds(action: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def labs(*argv: str) -> str:
    """Run a command of ours and return what it prints."""
    return run([*_LABS, *argv])


def run(argv: Sequence[str]) -> str:
    """Run any command and return what it prints; one that fails ends the bench."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join(argv)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def form_swarm(driver: Driver) -> None:
    """Start the lab with a driver, and make a swarm of its nodes with every one Ready."""
    labs("start", LAB, "--driver", driver.name)
    nodes = nodes_of(driver)
    with ThreadPoolExecutor() as pool:
        engines = list(pool.map(lambda node: node.api(), nodes))
        list(pool.map(lambda engine: engine.ping(), engines))
        first = engines[0]
        first.swarm.init(advertise_addr=nodes[0].address)
        token = first.swarm.attrs["JoinTokens"]["Worker"]
        list(pool.map(lambda engine: engine.swarm.join([nodes[0].address], token), engines[1:]))
    while [node["Status"]["State"] for node in first.api.nodes()] != ["ready"] * len(nodes):
        time.sleep(0.02)


def nodes_of(driver: Driver) -> tuple[Node, ...]:
    """Return the nodes of the lab that is started."""
    return next(cluster for cluster in driver.list_clusters() if cluster.id.lab == LAB).nodes


def show(rows: Sequence[Row], notes: Sequence[str]) -> None:
    """Print the table, and what does not fit into one."""
    table = Table(title="labs beside plain Docker, and the drivers beside each other")
    for heading in ("what", "labs", "beside", "that", "ratio", "goal"):
        table.add_column(heading, justify="right" if heading in ("labs", "that", "ratio") else "left")
    for row in rows:
        table.add_row(*row.cells())
    console = Console(width=150)
    console.print(table)
    for line in notes:
        console.print(line)
