"""The driver `uml` beside the driver `docker`."""

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
from tests.bench import LAB, ROUNDS
from tests.bench.timing import Row, form_swarm, labs, nodes_of, say, seconds

_PORT = 8000


def measure(anew: bool) -> tuple[list[Row], list[str]]:
    """Measure everything that the driver is held to.

    Args:
        anew: Remove the parts first, and measure how long making them takes.

    """
    rows = []
    driver, docker = UmlDriver(), DockerDriver()
    if anew:
        say("uml: building kernel, disk and images from nothing ...")
        shutil.rmtree(artifacts.cache_folder(), ignore_errors=True)
        rows.append(
            Row("uml: kernel, disk and images, from nothing", seconds(lambda: _build(driver)), "-", None, "<= 180 s")
        )
    docker.build_images(sorted(recipe.map_image_names()), NullReporter())
    _build(driver)
    say(f"uml: starting and removing, {ROUNDS} rounds ...")
    ours, theirs = _swarms(driver, docker)
    rows.append(Row("uml: three machines, swarm, all Ready", ours, "the driver docker", theirs, "<= 12 s, <= 2.5x"))
    say("uml: a service on every node ...")
    rows.append(Row("uml: start until a service answers on all", _until_answered(driver), "-", None, "<= 16 s"))
    labs("rm", LAB)
    notes = [f"uml: resident memory of three idle nodes of a swarm: {_memory(driver):.0f} MB (goal <= 1200 MB)."]
    rows.append(Row("uml: labs exec NODE -- true", _median("exec", "node1", "--", "true"), "-", None, "<= 0.5 s"))
    labs("rm", "--all")
    say("uml: checking a finished lab ...")
    rows.append(Row("uml: labs check, a finished lab", _check(driver), "the driver docker", _check(docker), "<= 2x"))
    return rows, notes


def _build(driver: UmlDriver) -> None:
    driver.build_images(sorted(recipe.map_image_names()), NullReporter())


def _median(*argv: str) -> float:
    return statistics.median(seconds(lambda: labs(*argv)) for _ in range(ROUNDS * 2))


def _swarms(*drivers: Driver) -> list[float]:
    times: list[list[float]] = [[] for _ in drivers]
    for _ in range(ROUNDS):
        for driver, taken in zip(drivers, times, strict=True):
            taken.append(seconds(lambda made_of=driver: form_swarm(made_of)))  # type: ignore[misc]
            labs("rm", LAB)
    return [statistics.median(taken) for taken in times]


def _until_answered(driver: UmlDriver) -> float:
    """Start, form a swarm, publish a service, and ask every node for it."""
    began = time.perf_counter()
    form_swarm(driver)
    nodes = nodes_of(driver)
    nodes[0].create_client().services.create(
        "nginx:alpine",
        name="web",
        mode=ServiceMode("replicated", 3),
        endpoint_spec=EndpointSpec(ports={_PORT: 80}),
    )
    _all_answer(nodes)
    return time.perf_counter() - began


def _all_answer(nodes: Sequence[Node]) -> None:
    url = f"http://127.0.0.1:{_PORT}/"
    for node in nodes:
        while node.run_command(["curl", "--silent", "--fail", "--max-time", "1", "--output", "/dev/null", url]).exit_status:
            time.sleep(0.1)


def _memory(driver: UmlDriver) -> float:
    """Return the MB that three idle nodes of a swarm hold, and leave them running.

    What a machine has touched of its memory is shared memory of this one, however many processes map it.
    """
    before = _shared()
    form_swarm(driver)
    return _shared() - before


def _shared() -> float:
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Shmem:")) / 1024


def _check(driver: Driver) -> float:
    labs("start", LAB, "--driver", driver.name)
    labs("play", LAB)
    taken = _median("check", LAB)
    labs("rm", LAB)
    return taken
