"""What is refused for want of memory or disk."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from runner.drivers.uml import memory, space
from runner.drivers.uml.driver import UmlDriver
from runner.drivers.uml.vm import cluster_state
from runner.errors import HostError
from runner.nodes.driver_interface import Cluster, ClusterId, NodeState
from runner.nodes.topology import NodeSpec, Role, Topology
from tests import helpers

UP, DOWN = NodeState.RUNNING, NodeState.STOPPED
Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.mark.parametrize(("wanted", "fits"), [(3600, True), (3745, False), (16384, False)])
def test_memory(wanted: int, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines whose memory does not fit beside what the rest keeps are refused with both figures."""
    monkeypatch.setattr(memory, "free", lambda: 4000)
    if fits:
        memory.check_memory(wanted)
        return
    with pytest.raises(HostError, match=f"may use {wanted} MB of memory, .* only 4000 MB are free") as caught:
        memory.check_memory(wanted)
    assert "labs stop" in caught.value.advice


def test_memory_of_a_cluster_that_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a cluster's machines use counts as free where they make way, and only that of those that are up."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(memory, "free", lambda: 1600)
    topology = Topology(tuple(NodeSpec(f"node{number}", Role.WORKER, 1000) for number in (1, 2)))
    folder = cluster_state.cluster_folder(ClusterId("tiny"))
    folder.mkdir(parents=True)
    cluster_state.create_state(ClusterId("tiny"), topology, tmp_path).save(folder)
    up, down = (helpers.LocalNode(tmp_path, name, state=state) for name, state in (("node1", UP), ("node2", DOWN)))
    UmlDriver().check_capacity(topology, Cluster(ClusterId("tiny"), "uml", (up, down), is_complete=True))
    with pytest.raises(HostError, match="only 1600 MB are free"):
        UmlDriver().check_capacity(topology)
    with pytest.raises(HostError, match="only 1600 MB are free"):
        UmlDriver().check_capacity(topology, Cluster(ClusterId("tiny"), "uml", (down, down), is_complete=True))


def test_free() -> None:
    """What is free is told by the kernel, in MB."""
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    total = int(next(line.split()[1] for line in lines if line.startswith("MemTotal:")))
    assert 0 < memory.measure_free_memory() <= total // 1024


@pytest.mark.parametrize(("machines", "fits"), [(2, True), (3, False)])
def test_disk(machines: int, fits: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Machines on a disk without room are refused with both figures, though their folder is not there yet."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 0, 250 << 20))
    if fits:
        space.check_disk_space(tmp_path / "not" / "there", machines)
        return
    with pytest.raises(HostError, match=f"250 MB are free in {tmp_path}, and the machines need 300 MB"):
        space.check_disk_space(tmp_path / "not" / "there", machines)
