"""Starting, halting, resuming and removing real clusters."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.docker.conftest import Leftovers, run_docker

pytestmark = pytest.mark.usefixtures("clean")


def _member_ids(labs: LabsRunner) -> list[str]:
    listed = labs("exec", "--lab", "trio", "node1", "--", "docker", "node", "ls", "--format", "{{.ID}} {{.Status}}")
    return sorted(line for line in listed.stdout.splitlines() if line.endswith("Ready"))


def _await_three_ready(labs: LabsRunner) -> list[str]:
    deadline = time.monotonic() + 30
    while len(ready := _member_ids(labs)) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    return ready


def test_start_makes_nodes_that_know_each_other(labs: LabsRunner) -> None:
    """After a start each node answers under its name on its fixed address."""
    started = labs("start", "trio")
    assert 0 == started.returncode, started.stderr
    assert "labs check trio" in started.stdout
    found = labs("exec", "node3", "--", "getent", "hosts", "node1").stdout.split()
    assert found[0].startswith("10.213.")
    assert found[0].endswith(".11")


def test_start_sets_the_scene(labs: LabsRunner, environment: dict[str, str]) -> None:
    """The lab's files lie in root's home, and what setup.sh says is in the run's log."""
    labs("start", "trio")
    note = labs("exec", "node2", "--", "cat", "/root/app/note.txt")
    assert "hello from the lab\n" == note.stdout
    project = environment["LABS_PROJECT"]
    log = Path(environment["XDG_STATE_HOME"]) / "labs" / project / "runs" / "trio" / "setup.log"
    assert {
        "node1: the scene is set on node1, the manager",
        "node2: the scene is set on node2, the worker",
        "node3: the scene is set on node3, the worker",
    } == set(log.read_text("utf-8").splitlines())


def test_start_again_says_so(labs: LabsRunner) -> None:
    """A second start changes nothing and says that the lab is already running."""
    labs("start", "solo")
    before = run_docker("ps", "--quiet", "--no-trunc")
    again = labs("start", "solo")
    assert (0, before) == (again.returncode, run_docker("ps", "--quiet", "--no-trunc"))
    assert "solo is already running: node1." in again.stdout


def test_stop_and_start_bring_the_same_swarm_back(labs: LabsRunner) -> None:
    """After a stop and a start the swarm has the same three members, ready."""
    labs("start", "trio")
    assert 0 == labs("play", "trio").returncode
    before = _member_ids(labs)
    assert 3 == len(before)
    assert 0 == labs("stop").returncode
    assert "stopped" in labs("status").stdout
    resumed = labs("start", "trio")
    assert resumed.stdout.startswith("Resumed trio in ")
    assert before == _await_three_ready(labs)


def test_a_crash_of_every_node_keeps_the_swarm(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Nodes that are killed, as by a power cut, come back with the same swarm."""
    labs("start", "trio")
    labs("play", "trio")
    before = _member_ids(labs)
    run_docker("kill", *leftovers.list_containers())
    assert 0 == labs("start", "trio").returncode
    assert before == _await_three_ready(labs)


def test_one_dead_node_is_told_and_brought_back(labs: LabsRunner, leftovers: Leftovers) -> None:
    """A node that ends is named by status, and the next start brings just it up again."""
    labs("start", "trio")
    run_docker("kill", next(name for name in leftovers.list_containers() if name.endswith("-trio-node2")))
    assert "node2 down" in labs("status").stdout
    assert 4 == labs("exec", "node2", "--", "true").returncode
    assert 0 == labs("start", "trio").returncode
    assert 0 == labs("exec", "node2", "--", "true").returncode


def test_two_labs_run_side_by_side(labs: LabsRunner) -> None:
    """Two labs have subnets of their own, and a command must then say which one it means."""
    assert [0, 0] == [labs("start", lab).returncode for lab in ("trio", "solo")]
    addresses = {labs("exec", "--lab", lab, "node1", "--", "hostname", "-i").stdout for lab in ("trio", "solo")}
    assert 2 == len(addresses)
    undecided = labs("check")
    assert 2 == undecided.returncode
    assert "More than one lab is started: solo, trio." in undecided.stderr


def test_a_taken_subnet_is_stepped_over(labs: LabsRunner) -> None:
    """Where a network of somebody else has the first free subnet, the next one is used."""
    labs("start", "solo")
    ours = labs("exec", "node1", "--", "hostname", "-i").stdout.strip()
    labs("rm", "solo")
    subnet = ours.rsplit(".", 1)[0] + ".0/24"
    run_docker("network", "create", "--subnet", subnet, "labs-test-taken")
    try:
        assert 0 == labs("start", "solo").returncode
        assert not labs("exec", "node1", "--", "hostname", "-i").stdout.startswith(ours.rsplit(".", 1)[0] + ".")
    finally:
        run_docker("network", "rm", "labs-test-taken")


def test_reset_gives_fresh_nodes(labs: LabsRunner) -> None:
    """What was done on a node is gone after a reset."""
    labs("start", "solo")
    labs("exec", "node1", "--", "touch", "/root/mine")
    assert 0 == labs("reset").returncode
    assert 2 == labs("exec", "node1", "--", "ls", "/root/mine").returncode


def test_rm_leaves_nothing(labs: LabsRunner, leftovers: Leftovers) -> None:
    """After rm no container, network or volume of the lab is left, and a second rm says there is nothing."""
    labs("start", "trio")
    assert 5 <= len(leftovers.list_all())
    assert 0 == labs("rm", "trio").returncode
    assert [] == leftovers.list_all()
    again = labs("rm", "trio")
    assert 2 == again.returncode
    assert "nothing to remove" in again.stderr


def test_twenty_rounds_leave_nothing(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Twenty starts and removals leave no object, no mount and no process behind."""
    ids: set[str] = set()
    for _ in range(20):
        assert 0 == labs("start", "solo").returncode
        ids |= leftovers.list_container_ids()
        assert 0 == labs("rm", "solo").returncode
    assert 40 == len(ids)
    assert [] == leftovers.list_all()
    assert [] == [line for line in _mounts_and_groups() if any(one in line for one in ids)]


def test_status_knows_addresses_and_roles(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Status shows each node with its role, address and state."""
    labs("start", "solo")
    shown = labs("status").stdout
    network = leftovers.list_networks()
    inspected = json.loads(run_docker("network", "inspect", *network))
    address = inspected[0]["IPAM"]["Config"][0]["Subnet"].replace(".0/24", ".11")
    assert ["node1", "manager", address, "running"] == shown.splitlines()[1].split()


def _mounts_and_groups() -> list[str]:
    lines = Path("/proc/mounts").read_text("utf-8").splitlines()
    for path in Path("/proc").glob("[0-9]*/cgroup"):
        with contextlib.suppress(OSError):
            lines += path.read_text("utf-8").splitlines()
    return lines
