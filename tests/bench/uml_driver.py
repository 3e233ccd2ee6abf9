"""Benchmark the driver `uml` against the driver `docker`."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from docker.types import EndpointSpec, ServiceMode

from runner.drivers.docker.driver import DockerDriver
from runner.drivers.uml import artifacts
from runner.drivers.uml.driver import UmlDriver
from runner.images import recipe
from runner.nodes.driver_interface import Driver, Node
from runner.status import NullReporter
from tests.bench import BENCH_LAB, ROUNDS
from tests.bench.timing import Row, find_lab_nodes, form_swarm, measure_seconds, print_status, run_labs

_PORT = 8000


def measure_uml_driver(from_scratch: bool) -> tuple[list[Row], list[str]]:
    """Measure everything for which the driver has a goal.

    Args:
        from_scratch: Remove the artifacts first, and measure how long it takes to build them.

    """
    rows = []
    driver, docker = UmlDriver(), DockerDriver()
    if from_scratch:
        print_status("uml: building kernel, disk and images from scratch ...")
        shutil.rmtree(artifacts.uml_cache_folder(), ignore_errors=True)
        rows.append(
            Row(
                "uml: kernel, disk and images, from scratch",
                measure_seconds(lambda: _build_images(driver)),
                "-",
                None,
                "<= 110 s",
            )
        )
    docker.ensure_images(sorted(recipe.map_image_names_to_recipes()), NullReporter())
    _build_images(driver)
    print_status(f"uml: starting and removing, {ROUNDS} rounds ...")
    uml_seconds, docker_seconds = _measure_swarm_starts(driver, docker)
    label = "uml: three nodes, swarm, all Ready"
    rows.append(Row(label, uml_seconds, "the driver docker", docker_seconds, "<= 5 s, <= 2.5x"))
    print_status("uml: a service on every node ...")
    rows.append(
        Row("uml: start until a service answers on all", _measure_until_service_answers(driver), "-", None, "<= 10 s")
    )
    run_labs("rm", BENCH_LAB)
    notes = [
        f"uml: memory of three idle nodes of a swarm: {_measure_swarm_memory_mb(driver):.0f} MB (goal <= 1200 MB)."
    ]
    rows.append(
        Row("uml: labs exec NODE -- true", _measure_median("exec", "node1", "--", "true"), "-", None, "<= 0.5 s")
    )
    run_labs("rm", "--all")
    print_status("uml: checking a finished lab ...")
    rows.append(
        Row(
            "uml: labs check, a finished lab",
            _measure_check(driver),
            "the driver docker",
            _measure_check(docker),
            "<= 2x",
        )
    )
    return rows, notes


def _build_images(driver: UmlDriver) -> None:
    driver.ensure_images(sorted(recipe.map_image_names_to_recipes()), NullReporter())


def _measure_median(*argv: str) -> float:
    return statistics.median(measure_seconds(lambda: run_labs(*argv)) for _ in range(ROUNDS * 2))


def _measure_swarm_starts(*drivers: Driver) -> list[float]:
    times: list[list[float]] = [[] for _ in drivers]
    for _ in range(ROUNDS):
        for driver, durations in zip(drivers, times, strict=True):
            durations.append(measure_seconds(lambda used_driver=driver: form_swarm(used_driver)))  # type: ignore[misc]
            run_labs("rm", BENCH_LAB)
    return [statistics.median(durations) for durations in times]


def _measure_until_service_answers(driver: UmlDriver) -> float:
    """Start the lab, form a swarm, publish a service, and wait until it answers on every node."""
    began = time.perf_counter()
    form_swarm(driver)
    nodes = find_lab_nodes(driver)
    nodes[0].create_engine_client().services.create(
        "nginx:alpine",
        name="web",
        mode=ServiceMode("replicated", 3),
        endpoint_spec=EndpointSpec(ports={_PORT: 80}),
    )
    _wait_until_all_answer(nodes)
    return time.perf_counter() - began


def _wait_until_all_answer(nodes: Sequence[Node]) -> None:
    url = f"http://127.0.0.1:{_PORT}/"
    for node in nodes:
        while node.run_command(
            ["curl", "--silent", "--fail", "--max-time", "1", "--output", "/dev/null", url]
        ).exit_status:
            time.sleep(0.1)


def _measure_swarm_memory_mb(driver: UmlDriver) -> float:
    """Return the MB of memory that three idle nodes of a swarm use, and leave them running.

    The memory of a VM counts as shared memory of this host, once for all processes that map it.
    """
    before = _read_shared_memory_mb()
    form_swarm(driver)
    return _read_shared_memory_mb() - before


def _read_shared_memory_mb() -> float:
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Shmem:")) / 1024


def _measure_check(driver: Driver) -> float:
    run_labs("start", BENCH_LAB, "--driver", driver.name)
    run_labs("play", BENCH_LAB)
    duration = _measure_median("check", BENCH_LAB)
    run_labs("rm", BENCH_LAB)
    return duration
