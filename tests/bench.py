"""`make bench`: labs beside plain Docker commands, in one run, as a table with ratios.

Nothing here fails on a slow machine; the goals are printed beside what was measured. Lines are medians of a few rounds.
With `--from-nothing` all images of labs are removed and made anew first, which no started lab may stand in the way of.
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from rich.console import Console
from rich.table import Table

_PROJECT = "labs-bench"
os.environ["LABS_PROJECT"] = _PROJECT
os.environ.pop("LABS_ROOT", None)

from runner.drivers.docker import facts, labels, network, store  # noqa: E402 - the project is read from the environment
from runner.drivers.docker.driver import DockerDriver  # noqa: E402
from runner.progress import Silent  # noqa: E402

LAB = "swarm-basics"
ROUNDS = 3
_LABS = [sys.executable, "-m", "runner"]
_NAMES = ("bench1", "bench2", "bench3")


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


def main() -> None:
    """Measure everything and print the table."""
    say = Console(stderr=True).print
    rows: list[Row] = []
    if "--from-nothing" in sys.argv:
        say("Building everything from nothing ...")
        rows.append(_from_nothing())
    _labs("rm", "--all")
    driver = DockerDriver()
    driver.build_images(Silent())
    plain = Plain(driver)
    say(f"Starting and removing, {ROUNDS} rounds ...")
    rows += _start_and_remove(plain)
    say("Checking a finished lab ...")
    rows += _checking()
    say("Asking for help ...")
    rows.append(_help())
    memory = _memory(plain)
    _labs("rm", "--all")
    _print(rows, memory)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _labs(*argv: str) -> str:
    return _run([*_LABS, *argv])


def _run(argv: list[str], **options: object) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        raise SystemExit(f"{shlex.join(argv)} failed:\n{done.stdout}{done.stderr}")
    return str(done.stdout)


class Plain:
    """The same nodes by plain docker commands."""

    def __init__(self, driver: DockerDriver) -> None:
        found = store.find(driver.client)
        assert found is not None
        self._store = found
        self._options = facts.node_options(facts.gather(driver.client, found.node_image, driver.client.info()))

    def make_network(self) -> None:
        """Make the network the nodes share."""
        subnet = str(list(network.POOL.subnets(new_prefix=24))[-1])
        label = f"{labels.PROJECT}={_PROJECT}"
        _run(["docker", "network", "create", "--subnet", subnet, "--label", label, "bench-net"])

    def add_hub(self) -> None:
        """Run a hub, so that what is removed is the same as what labs removes."""
        mount = f"{self._store.volume}:{store.MOUNT}:ro"
        options = ["--network", "bench-net", "--tmpfs", "/run", "--volume", mount]
        _run(["docker", "run", "--detach", "--name", "bench-hub", *options, self._store.node_image, "labs-hub"])

    def boot(self, name: str) -> None:
        """Run one node and wait for its engine as a script would."""
        _run(["docker", "run", "--detach", "--name", name, *self._flags(name), self._store.node_image])
        while "LABS-READY" not in _run(["docker", "logs", name]):
            time.sleep(0.05)

    def init(self) -> str:
        """Make the first node a manager and return the workers' token."""
        _run(["docker", "exec", _NAMES[0], "docker", "swarm", "init"])
        return _run(["docker", "exec", _NAMES[0], "docker", "swarm", "join-token", "-q", "worker"]).strip()

    def join(self, name: str, token: str) -> None:
        """Let a node join as a worker."""
        _run(["docker", "exec", name, "docker", "swarm", "join", "--token", token, f"{_NAMES[0]}:2377"])

    def remove(self) -> None:
        """Remove the nodes, and the hub that stands beside them."""
        _run(["docker", "rm", "--force", "--volumes", *_NAMES, "bench-hub"])

    def clean(self) -> None:
        """Remove what is left."""
        _run(["docker", "network", "rm", "bench-net"])
        _run(["docker", "volume", "rm", *_NAMES])

    def _flags(self, name: str) -> list[str]:
        flags = ["--hostname", name, "--network", "bench-net", "--network-alias", name, "--env", "LABS_HUB=127.0.0.1"]
        flags += ["--volume", f"{name}:/var/lib/docker", "--volume", f"{self._store.volume}:{store.MOUNT}:ro"]
        for path, mode in self._options["tmpfs"].items():
            flags += ["--tmpfs", f"{path}:{mode}"]
        flags += [f"--security-opt={option}" for option in self._options["security_opt"]]
        if self._options.get("privileged"):
            return [*flags, "--privileged"]
        flags += ["--security-opt=systempaths=unconfined", "--cap-add=ALL", "--device-cgroup-rule=a *:* rwm"]
        return flags + [f"--cap-drop={name}" for name in self._options["cap_drop"]]


def _start_and_remove(plain: Plain) -> list[Row]:
    times: dict[str, list[float]] = {"one": [], "script": [], "ours": [], "rm": [], "docker rm": []}
    for _ in range(ROUNDS):
        plain.make_network()
        one, rest = _by_hand(plain)
        times["one"].append(one)
        times["script"].append(one + rest)
        plain.add_hub()
        times["docker rm"].append(_seconds(plain.remove))
        plain.clean()
        times["ours"].append(_seconds(_form_swarm))
        times["rm"].append(_seconds(lambda: _labs("rm", LAB)))
    middle = {name: statistics.median(values) for name, values in times.items()}
    start = f"labs start {LAB}, and a swarm of three Ready nodes"
    return [
        Row(start, middle["ours"], "one node by docker: boot, init, join", middle["one"], "<= 1.5x"),
        Row("the same", middle["ours"], "a script, one node after another", middle["script"], "<= 0.8x"),
        Row("labs rm", middle["rm"], "docker rm -f -v of the same containers", middle["docker rm"], "<= 2x"),
    ]


def _by_hand(plain: Plain) -> tuple[float, float]:
    """Return the seconds for one node's boot, init and join, and those for the rest of three nodes."""
    first, second, third = _NAMES
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


def _form_swarm() -> None:
    _labs("start", LAB)
    driver = DockerDriver()
    nodes = next(cluster for cluster in driver.find() if cluster.id.lab == LAB).nodes
    with ThreadPoolExecutor() as pool:
        engines = list(pool.map(lambda node: node.api(), nodes))
        list(pool.map(lambda engine: engine.ping(), engines))
        first = engines[0]
        first.swarm.init(advertise_addr=nodes[0].address)
        token = first.swarm.attrs["JoinTokens"]["Worker"]
        list(pool.map(lambda engine: engine.swarm.join([nodes[0].address], token), engines[1:]))
    while [node["Status"]["State"] for node in first.api.nodes()] != ["ready"] * len(nodes):
        time.sleep(0.02)


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
    _labs("start", LAB)
    _labs("play", LAB)
    ours = statistics.median(_seconds(lambda: _labs("check", LAB)) for _ in range(ROUNDS * 2))
    raw = statistics.median(_seconds(lambda: _run([sys.executable, "-c", _FACTS])) for _ in range(ROUNDS * 2))
    return [Row("labs check, a finished lab", ours, "the same facts by raw API calls", raw, "<= 1 s, <= 5x")]


def _help() -> Row:
    ours = statistics.median(_seconds(lambda: _labs("--help")) for _ in range(9))
    click = statistics.median(_seconds(lambda: _run([sys.executable, "-c", "import click"])) for _ in range(9))
    return Row("labs --help", ours, "python -c 'import click'", click, "<= 2x")


def _from_nothing() -> Row:
    _labs("rm", "--all")
    listed = _run(["docker", "images", "--quiet", "--no-trunc", "--filter", f"label={labels.PROJECT}=labs"]).split()
    if listed:
        # The engine lists the newest first, and what stands on another image must go before it.
        _run(["docker", "rmi", "--force", *dict.fromkeys(listed)])
    return Row("images and first start, from nothing", _seconds(lambda: _labs("start", LAB)), "-", None, "<= 150 s")


def _memory(plain: Plain) -> list[str]:
    nodes = [f"{_PROJECT}-{LAB}-{name}" for name in ("node1", "node2", "node3")]
    before = sum(map(_resident, nodes))
    for _ in range(50):
        _labs("check", LAB)
    after = sum(map(_resident, nodes))
    _labs("rm", LAB)
    _labs("start", LAB)
    idle = sum(map(_resident, nodes))
    one = _resident(nodes[0])
    return [
        f"Idle memory of a fresh 3-node cluster: {idle:.0f} MB; one idle node of it: {one:.0f} MB.",
        f"A finished lab: {before:.0f} MB; after 50 checks: {after:.0f} MB.",
    ]


def _resident(container: str) -> float:
    script = "awk '/^(Rss|Pss):/ {sum[$1] += $2} END {print sum[\"Pss:\"]}' /proc/[0-9]*/smaps_rollup"
    return float(_run(["docker", "exec", container, "sh", "-c", script])) / 1024


def _print(rows: list[Row], memory: list[str]) -> None:
    table = Table(title="labs beside plain Docker")
    for heading in ("what", "labs", "beside", "that", "ratio", "goal"):
        table.add_column(heading, justify="right" if heading in ("labs", "that", "ratio") else "left")
    for row in rows:
        table.add_row(*row.cells())
    console = Console(width=150)
    console.print(table)
    for line in memory:
        console.print(line)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        # Locks and logs of a bench are nobody's state.
        os.environ["XDG_STATE_HOME"] = folder
        main()
