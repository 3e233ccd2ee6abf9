"""Benchmark the driver `docker` against plain docker commands."""

from __future__ import annotations

import os
import statistics
import sys
import time
from itertools import pairwise

from runner.drivers.docker import labels
from runner.drivers.docker.driver import DockerDriver
from runner.images import recipe
from runner.status import NullReporter
from tests.bench import BENCH_LAB, BENCH_PROJECT, ROUNDS
from tests.bench.plain_docker import NODE_NAMES, PlainDockerCluster
from tests.bench.timing import Row, form_swarm, measure_seconds, print_status, run_command, run_labs
from tests.support.pseudo_terminal import PseudoTerminal

# The duration of `docker swarm init` varies by half a second in both cases, so take the mean of many rounds.
_START_ROUNDS = 8


def measure_docker_driver(from_scratch: bool) -> tuple[list[Row], list[str]]:
    """Measure everything for which the driver has a goal.

    Args:
        from_scratch: Remove all images first, and measure how long it takes to build them.

    """
    rows = []
    if from_scratch:
        print_status("docker: building all images from scratch ...")
        rows.append(_measure_from_scratch())
    run_labs("rm", "--all")
    driver = DockerDriver()
    driver.ensure_images(sorted(recipe.map_image_names_to_recipes()), NullReporter())
    print_status(f"docker: starting and removing, {_START_ROUNDS} rounds ...")
    rows += _measure_start_and_remove(PlainDockerCluster(driver), driver)
    print_status("docker: checking a finished lab ...")
    rows += _measure_check()
    rows.append(_measure_help())
    notes = _measure_memory()
    run_labs("rm", "--all")
    return rows, notes


def _measure_start_and_remove(plain: PlainDockerCluster, driver: DockerDriver) -> list[Row]:
    times: dict[str, list[float]] = {"one node": [], "script": [], "labs start": [], "labs rm": [], "docker rm": []}
    for _ in range(_START_ROUNDS):
        plain.create_network()
        first_node, other_nodes = _measure_script(plain)
        times["one node"].append(first_node)
        times["script"].append(first_node + other_nodes)
        plain.start_mirror()
        times["docker rm"].append(measure_seconds(plain.remove_containers))
        plain.remove_network_and_volumes()
        times["labs start"].append(measure_seconds(lambda: form_swarm(driver)))
        times["labs rm"].append(measure_seconds(lambda: run_labs("rm", BENCH_LAB)))
    mean = {name: statistics.fmean(values) for name, values in times.items()}
    label = f"labs start {BENCH_LAB}, and a swarm of three Ready nodes"
    return [
        Row(label, mean["labs start"], "one node by docker: boot, init, join", mean["one node"], "<= 1.3x"),
        Row("the same", mean["labs start"], "a script, one node after another", mean["script"], "<= 0.8x"),
        Row("labs rm", mean["labs rm"], "docker rm -f -v of the same containers", mean["docker rm"], "<= 2x"),
    ]


def _measure_script(plain: PlainDockerCluster) -> tuple[float, float]:
    """Return the seconds for one node to boot, init and join, and the seconds for the other nodes of three."""
    first, second, third = NODE_NAMES
    marks = [time.perf_counter()]
    plain.start_node(first)
    token = plain.init_swarm()
    marks.append(time.perf_counter())
    plain.start_node(second)
    marks.append(time.perf_counter())
    plain.join_swarm(second, token)
    marks.append(time.perf_counter())
    plain.start_node(third)
    plain.join_swarm(third, token)
    marks.append(time.perf_counter())
    init, boot, join, rest = (after - before for before, after in pairwise(marks))
    return init + join, boot + rest


_READ_FACTS_SCRIPT = """
from runner.drivers.docker.driver import DockerDriver
nodes = DockerDriver().list_clusters()[0].nodes
for node in nodes:
    node.create_engine_client().info()
first = nodes[0].create_engine_client().api
first.nodes(), first.services(), first.tasks(), first.inspect_swarm()
nodes[1].run_command(["ls", "-ld", "/var/lib/docker/swarm/raft"])
"""


def _measure_check() -> list[Row]:
    run_labs("start", BENCH_LAB, "--driver", "docker")
    run_labs("play", BENCH_LAB)
    labs_seconds = statistics.median(measure_seconds(lambda: run_labs("check", BENCH_LAB)) for _ in range(ROUNDS * 2))
    api_seconds = statistics.median(
        measure_seconds(lambda: run_command([sys.executable, "-c", _READ_FACTS_SCRIPT])) for _ in range(ROUNDS * 2)
    )
    # Something now fails, and `labs check` waits for it before it reports the failure.
    run_labs("exec", "node1", "--", "docker", "service", "scale", "--detach", "web=2")
    first_result = statistics.median(_measure_first_result() for _ in range(ROUNDS * 2))
    # The measurement of memory needs the finished lab again.
    run_labs("exec", "node1", "--", "docker", "service", "scale", "web=5")
    return [
        Row(
            "labs check, a finished lab",
            labs_seconds,
            "the same facts by raw API calls",
            api_seconds,
            "<= 0.45 s, <= 5x",
        ),
        Row("labs check on a terminal, first line while something fails", first_result, "-", None, "<= 0.5 s"),
    ]


def _measure_first_result() -> float:
    terminal = PseudoTerminal([sys.executable, "-m", "runner", "check", BENCH_LAB], {**os.environ})
    try:
        return measure_seconds(lambda: terminal.read_until("✓"))
    finally:
        terminal.close()


def _measure_help() -> Row:
    labs_seconds = statistics.median(measure_seconds(lambda: run_labs("--help")) for _ in range(9))
    click_seconds = statistics.median(
        measure_seconds(lambda: run_command([sys.executable, "-c", "import click"])) for _ in range(9)
    )
    return Row("labs --help", labs_seconds, "python -c 'import click'", click_seconds, "<= 2x")


def _measure_from_scratch() -> Row:
    run_labs("rm", "--all")
    image_ids = run_command(
        ["docker", "images", "--quiet", "--no-trunc", "--filter", f"label={labels.PROJECT}=labs"]
    ).split()
    if image_ids:
        # The engine lists the newest image first, and an image must be removed before its base image.
        run_command(["docker", "rmi", "--force", *dict.fromkeys(image_ids)])
    return Row(
        "images and first start, from scratch",
        measure_seconds(lambda: run_labs("start", BENCH_LAB, "--driver", "docker")),
        "-",
        None,
        "<= 110 s",
    )


def _measure_memory() -> list[str]:
    nodes = [f"{BENCH_PROJECT}-{BENCH_LAB}-{name}" for name in ("node1", "node2", "node3")]
    before = sum(map(_measure_resident_mb, nodes))
    for _ in range(50):
        run_labs("check", BENCH_LAB)
    after = sum(map(_measure_resident_mb, nodes))
    run_labs("rm", BENCH_LAB)
    run_labs("start", BENCH_LAB, "--driver", "docker")
    idle = sum(map(_measure_resident_mb, nodes))
    one_node = _measure_resident_mb(nodes[0])
    return [
        f"Idle memory of a fresh 3-node cluster: {idle:.0f} MB; one idle node of it: {one_node:.0f} MB.",
        f"A finished lab: {before:.0f} MB; after 50 checks: {after:.0f} MB.",
    ]


def _measure_resident_mb(container: str) -> float:
    script = "awk '/^(Rss|Pss):/ {sum[$1] += $2} END {print sum[\"Pss:\"]}' /proc/[0-9]*/smaps_rollup"
    return float(run_command(["docker", "exec", container, "sh", "-c", script])) / 1024
