"""Starting, stopping, resuming and removing real clusters."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.docker_leftovers import Leftovers, run_docker
from tests.support.labs_command import LabsRunner

pytestmark = pytest.mark.usefixtures("clean")
# Twenty rounds, run by hand, left nothing either; five keep the test short.
ROUNDS = 5


def _list_ready_members(labs: LabsRunner) -> list[str]:
    listed = labs("exec", "--lab", "trio", "node1", "--", "docker", "node", "ls", "--format", "{{.ID}} {{.Status}}")
    return sorted(line for line in listed.stdout.splitlines() if line.endswith("Ready"))


def _wait_for_three_ready_members(labs: LabsRunner) -> list[str]:
    deadline = time.monotonic() + 30
    while len(ready := _list_ready_members(labs)) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    return ready


def test_nodes_resolve_each_other(labs: LabsRunner) -> None:
    """After a start each node resolves the names of the others to their fixed addresses."""
    started = labs("start", "trio")
    assert 0 == started.returncode, started.stderr
    assert "labs check trio" in started.stdout
    addresses = labs("exec", "node3", "--", "getent", "hosts", "node1").stdout.split()
    assert addresses[0].startswith("10.213.")
    assert addresses[0].endswith(".11")


def test_start_runs_setup(labs: LabsRunner, environment: dict[str, str]) -> None:
    """The lab's files are in root's home, and the output of setup.sh is in the log of the run."""
    labs("start", "trio")
    note = labs("exec", "node2", "--", "cat", "/root/app/note.txt")
    assert "hello from the lab\n" == note.stdout
    project = environment["LABS_PROJECT"]
    log = Path(environment["XDG_STATE_HOME"]) / "labs" / project / "runs" / "trio" / "setup.log"
    assert {
        "node1: setup.sh runs on node1, the manager",
        "node2: setup.sh runs on node2, the worker",
        "node3: setup.sh runs on node3, the worker",
    } == set(log.read_text("utf-8").splitlines())


def test_second_start(labs: LabsRunner, leftovers: Leftovers) -> None:
    """A second start changes nothing and says that the lab is already running."""
    labs("start", "solo")
    before = leftovers.list_container_ids()
    again = labs("start", "solo")
    assert (0, before) == (again.returncode, leftovers.list_container_ids())
    assert "solo is already running: node1." in again.stdout


def test_stop_and_start_keep_the_swarm(labs: LabsRunner) -> None:
    """After a stop and a start the swarm has the same three members, ready."""
    labs("start", "trio")
    assert 0 == labs("play", "trio").returncode
    before = _list_ready_members(labs)
    assert 3 == len(before)
    assert 0 == labs("stop").returncode
    assert "stopped" in labs("status").stdout
    resumed = labs("start", "trio")
    assert resumed.stdout.startswith("Resumed trio in ")
    assert before == _wait_for_three_ready_members(labs)


def test_crash_of_all_nodes_keeps_the_swarm(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Nodes that are killed, as in a power failure, resume with the same swarm."""
    labs("start", "trio")
    labs("play", "trio")
    before = _list_ready_members(labs)
    run_docker("kill", *leftovers.list_containers())
    assert 0 == labs("start", "trio").returncode
    assert before == _wait_for_three_ready_members(labs)


def test_dead_node_is_shown_and_restarted(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Status names a node that has exited, and the next start restarts only that node."""
    labs("start", "trio")
    run_docker("kill", next(name for name in leftovers.list_containers() if name.endswith("-trio-node2")))
    assert "node2 down" in labs("status").stdout
    assert 4 == labs("exec", "node2", "--", "true").returncode
    assert 0 == labs("start", "trio").returncode
    assert 0 == labs("exec", "node2", "--", "true").returncode


def test_two_labs_run_side_by_side(labs: LabsRunner) -> None:
    """Two labs have different subnets, and a command must then name the lab."""
    assert [0, 0] == [labs("start", lab).returncode for lab in ("trio", "solo")]
    addresses = {labs("exec", "--lab", lab, "node1", "--", "hostname", "-i").stdout for lab in ("trio", "solo")}
    assert 2 == len(addresses)
    undecided = labs("check")
    assert 2 == undecided.returncode
    assert "More than one lab is started: solo, trio." in undecided.stderr


def test_used_subnet_is_skipped(labs: LabsRunner, environment: dict[str, str]) -> None:
    """If another network uses a subnet, the next one is used."""
    labs("start", "solo")
    ours = labs("exec", "node1", "--", "hostname", "-i").stdout.strip()
    labs("rm", "solo")
    subnet, taken = ours.rsplit(".", 1)[0] + ".0/24", f"{environment['LABS_PROJECT']}-taken"
    # It fails if a test that runs at the same time has taken the subnet, which is then used too.
    with contextlib.suppress(subprocess.CalledProcessError):
        run_docker("network", "create", "--subnet", subnet, taken)
    try:
        assert 0 == labs("start", "solo").returncode
        assert not labs("exec", "node1", "--", "hostname", "-i").stdout.startswith(ours.rsplit(".", 1)[0] + ".")
    finally:
        run_docker("network", "rm", "--force", taken)


def test_reset_gives_fresh_nodes(labs: LabsRunner) -> None:
    """After a reset, changes on a node are gone."""
    labs("start", "solo")
    labs("exec", "node1", "--", "touch", "/root/mine")
    assert 0 == labs("reset").returncode
    assert 2 == labs("exec", "node1", "--", "ls", "/root/mine").returncode


def test_rm_leaves_nothing(labs: LabsRunner, leftovers: Leftovers) -> None:
    """After rm no container, network or volume of the lab is left, and a second rm says so."""
    labs("start", "trio")
    assert 5 <= len(leftovers.list_all())
    assert 0 == labs("rm", "trio").returncode
    assert [] == leftovers.list_all()
    again = labs("rm", "trio")
    assert 2 == again.returncode
    assert "nothing to remove" in again.stderr


def test_rounds_leave_nothing(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Starts and removals leave no object, no mount and no process behind."""
    ids: set[str] = set()
    for _ in range(ROUNDS):
        assert 0 == labs("start", "solo").returncode
        ids |= leftovers.list_container_ids()
        assert 0 == labs("rm", "solo").returncode
    assert 2 * ROUNDS == len(ids)
    assert [] == leftovers.list_all()
    assert [] == [line for line in _read_mounts_and_cgroups() if any(id_ in line for id_ in ids)]


def test_status(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Status shows each node with its role, address and state."""
    labs("start", "solo")
    shown = labs("status").stdout
    network = leftovers.list_networks()
    inspected = json.loads(run_docker("network", "inspect", *network))
    address = inspected[0]["IPAM"]["Config"][0]["Subnet"].replace(".0/24", ".11")
    assert ["node1", "manager", address, "running"] == shown.splitlines()[1].split()


def _read_mounts_and_cgroups() -> list[str]:
    lines = Path("/proc/mounts").read_text("utf-8").splitlines()
    for path in Path("/proc").glob("[0-9]*/cgroup"):
        with contextlib.suppress(OSError):
            lines += path.read_text("utf-8").splitlines()
    return lines
