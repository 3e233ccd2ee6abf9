"""Run and time commands, and print the table of results."""

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
from tests.bench import BENCH_LAB

_LABS = [sys.executable, "-m", "runner"]
print_status = Console(stderr=True).print


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; times in seconds.

    Attributes:
        label: What was measured.
        labs_seconds: How long labs took.
        baseline: What it is compared with; '-' if nothing.
        baseline_seconds: How long the baseline took; None if there is no baseline.
        goal: The goal for the time or the ratio.

    """

    label: str
    labs_seconds: float
    baseline: str
    baseline_seconds: float | None
    goal: str

    def format_cells(self) -> tuple[str, ...]:
        """Return the cells of the row as text."""
        baseline_text = f"{self.baseline_seconds:.2f} s" if self.baseline_seconds is not None else "-"
        ratio = f"{self.labs_seconds / self.baseline_seconds:.2f}x" if self.baseline_seconds else "-"
        return self.label, f"{self.labs_seconds:.2f} s", self.baseline, baseline_text, ratio, self.goal


def measure_seconds(action: Callable[[], object]) -> float:
    """Return how many seconds an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def run_labs(*argv: str) -> str:
    """Run a `labs` command and return its output."""
    return run_command([*_LABS, *argv])


def run_command(argv: Sequence[str]) -> str:
    """Run a command and return its output; exit if the command fails."""
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{shlex.join(argv)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def form_swarm(driver: Driver) -> None:
    """Start the benchmark lab with a driver, and form a swarm of its nodes in which all are Ready."""
    run_labs("start", BENCH_LAB, "--driver", driver.name)
    nodes = find_lab_nodes(driver)
    with ThreadPoolExecutor() as pool:
        engines = list(pool.map(lambda node: node.create_engine_client(), nodes))
        list(pool.map(lambda engine: engine.ping(), engines))
        first = engines[0]
        first.swarm.init(advertise_addr=nodes[0].address)
        token = first.swarm.attrs["JoinTokens"]["Worker"]
        list(pool.map(lambda engine: engine.swarm.join([nodes[0].address], token), engines[1:]))
    while [node["Status"]["State"] for node in first.api.nodes()] != ["ready"] * len(nodes):
        time.sleep(0.02)


def find_lab_nodes(driver: Driver) -> tuple[Node, ...]:
    """Return the nodes of the running benchmark lab."""
    return next(cluster for cluster in driver.list_clusters() if cluster.id.lab == BENCH_LAB).nodes


def print_table(rows: Sequence[Row], notes: Sequence[str]) -> None:
    """Print the table and the notes below it."""
    table = Table(title="labs compared with plain Docker, and the drivers with each other")
    for heading in ("measurement", "labs", "baseline", "baseline time", "ratio", "goal"):
        table.add_column(heading, justify="right" if heading in ("labs", "baseline time", "ratio") else "left")
    for row in rows:
        table.add_row(*row.format_cells())
    console = Console(width=150)
    console.print(table)
    for line in notes:
        console.print(line)
