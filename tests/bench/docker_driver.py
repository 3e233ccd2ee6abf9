"""The driver `docker` beside plain docker commands."""

from __future__ import annotations

import statistics
import sys
import time
from itertools import pairwise

from runner.drivers.docker import labels
from runner.drivers.docker.driver import DockerDriver
from runner.images import recipe
from runner.status import NullReporter
from tests.bench import LAB, PROJECT, ROUNDS
from tests.bench.plain_docker import NAMES, Plain
from tests.bench.timing import Row, form_swarm, labs, run, say, seconds

# `docker swarm init` takes half a second more or less by chance, on both sides: hence many rounds, and their mean.
_STARTS = 8


def measure(anew: bool) -> tuple[list[Row], list[str]]:
    """Measure everything that the driver is held to.

    Args:
        anew: Remove all images first, and measure how long making them takes.

    """
    rows = []
    if anew:
        say("docker: building everything from nothing ...")
        rows.append(_from_nothing())
    labs("rm", "--all")
    driver = DockerDriver()
    driver.build_images(sorted(recipe.stand_ins()), NullReporter())
    say(f"docker: starting and removing, {_STARTS} rounds ...")
    rows += _start_and_remove(Plain(driver), driver)
    say("docker: checking a finished lab ...")
    rows += _checking()
    rows.append(_help())
    notes = _memory()
    labs("rm", "--all")
    return rows, notes


def _start_and_remove(plain: Plain, driver: DockerDriver) -> list[Row]:
    times: dict[str, list[float]] = {"one": [], "script": [], "ours": [], "rm": [], "docker rm": []}
    for _ in range(_STARTS):
        plain.make_network()
        one, rest = _by_hand(plain)
        times["one"].append(one)
        times["script"].append(one + rest)
        plain.add_hub()
        times["docker rm"].append(seconds(plain.remove))
        plain.clean()
        times["ours"].append(seconds(lambda: form_swarm(driver)))
        times["rm"].append(seconds(lambda: labs("rm", LAB)))
    mean = {name: statistics.fmean(values) for name, values in times.items()}
    start = f"labs start {LAB}, and a swarm of three Ready nodes"
    return [
        Row(start, mean["ours"], "one node by docker: boot, init, join", mean["one"], "<= 1.5x"),
        Row("the same", mean["ours"], "a script, one node after another", mean["script"], "<= 0.8x"),
        Row("labs rm", mean["rm"], "docker rm -f -v of the same containers", mean["docker rm"], "<= 2x"),
    ]


def _by_hand(plain: Plain) -> tuple[float, float]:
    """Return the seconds for one node's boot, init and join, and those for the rest of three nodes."""
    first, second, third = NAMES
    marks = [time.perf_counter()]
    plain.boot(first)
    token = plain.init()
    marks.append(time.perf_counter())
    plain.boot(second)
    marks.append(time.perf_counter())
    plain.join(second, token)
    marks.append(time.perf_counter())
    plain.boot(third)
    plain.join(third, token)
    marks.append(time.perf_counter())
    init, boot, join, rest = (after - before for before, after in pairwise(marks))
    return init + join, boot + rest


_FACTS = """
from runner.drivers.docker.driver import DockerDriver
nodes = DockerDriver().find()[0].nodes
for node in nodes:
    node.api().info()
first = nodes[0].api().api
first.nodes(), first.services(), first.tasks(), first.inspect_swarm()
nodes[1].run(["ls", "-ld", "/var/lib/docker/swarm/raft"])
"""


def _checking() -> list[Row]:
    labs("start", LAB, "--driver", "docker")
    labs("play", LAB)
    ours = statistics.median(seconds(lambda: labs("check", LAB)) for _ in range(ROUNDS * 2))
    raw = statistics.median(seconds(lambda: run([sys.executable, "-c", _FACTS])) for _ in range(ROUNDS * 2))
    return [Row("labs check, a finished lab", ours, "the same facts by raw API calls", raw, "<= 1 s, <= 5x")]


def _help() -> Row:
    ours = statistics.median(seconds(lambda: labs("--help")) for _ in range(9))
    click = statistics.median(seconds(lambda: run([sys.executable, "-c", "import click"])) for _ in range(9))
    return Row("labs --help", ours, "python -c 'import click'", click, "<= 2x")


def _from_nothing() -> Row:
    labs("rm", "--all")
    listed = run(["docker", "images", "--quiet", "--no-trunc", "--filter", f"label={labels.PROJECT}=labs"]).split()
    if listed:
        # The engine lists the newest first, and what stands on another image must go before it.
        run(["docker", "rmi", "--force", *dict.fromkeys(listed)])
    return Row(
        "images and first start, from nothing",
        seconds(lambda: labs("start", LAB, "--driver", "docker")),
        "-",
        None,
        "<= 150 s",
    )


def _memory() -> list[str]:
    nodes = [f"{PROJECT}-{LAB}-{name}" for name in ("node1", "node2", "node3")]
    before = sum(map(_resident, nodes))
    for _ in range(50):
        labs("check", LAB)
    after = sum(map(_resident, nodes))
    labs("rm", LAB)
    labs("start", LAB, "--driver", "docker")
    idle = sum(map(_resident, nodes))
    one = _resident(nodes[0])
    return [
        f"Idle memory of a fresh 3-node cluster: {idle:.0f} MB; one idle node of it: {one:.0f} MB.",
        f"A finished lab: {before:.0f} MB; after 50 checks: {after:.0f} MB.",
    ]


def _resident(container: str) -> float:
    script = "awk '/^(Rss|Pss):/ {sum[$1] += $2} END {print sum[\"Pss:\"]}' /proc/[0-9]*/smaps_rollup"
    return float(run(["docker", "exec", container, "sh", "-c", script])) / 1024
