"""What a cluster of machines is recorded as."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.drivers.uml.vm import cluster_state
from runner.nodes.driver_interface import ClusterId
from runner.nodes.topology import NodeSpec, Role, Topology
from tests import helpers

TWO = Topology((NodeSpec("node1", Role.MANAGER, 700), NodeSpec("node2", Role.WORKER)))


def test_make() -> None:
    """Machines get addresses in the order of the topology, away from the gateway's and the hub's, and its memory."""
    made = cluster_state.create_state(ClusterId("tiny"), TWO, Path("/parts"))
    assert [("node1", "10.213.0.11", 700), ("node2", "10.213.0.12", 1200)] == [
        (machine.name, machine.address, machine.memory_mb) for machine in made.vms
    ]
    assert "node1:10.213.0.11,node2:10.213.0.12" == made.host_list
    assert ["10.213.0.1", "10.213.0.2"] == [str(cluster_state.GATEWAY), str(cluster_state.MIRROR)]


@pytest.mark.parametrize("cluster", [ClusterId("tiny"), ClusterId("tiny", "verify")])
def test_record(cluster: ClusterId, tmp_path: Path) -> None:
    """What is written is read back, whichever run it is of."""
    made = cluster_state.create_state(cluster, TWO, Path("/parts"))
    made.save(tmp_path)
    assert made == cluster_state.load_state(tmp_path)
    assert cluster == made.cluster_id


@pytest.mark.parametrize("content", [None, "", '{"lab": "ti'])
def test_no_record(content: str | None, tmp_path: Path) -> None:
    """Where making was interrupted before the record was whole, there is none."""
    if content is not None:
        (tmp_path / "plan.json").write_text(content, "utf-8")
    assert cluster_state.load_state(tmp_path) is None


def test_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run of a lab has a folder and a socket of its own, and other projects have others."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    own, other = cluster_state.cluster_folder(ClusterId("tiny")), cluster_state.cluster_folder(ClusterId("tiny", "verify"))
    assert ["tiny", "tiny.verify"] == [own.name, other.name]
    assert [own, other] == [cluster_state.socket_path(folder).parent for folder in (own, other)]
    monkeypatch.setenv("LABS_PROJECT", "other")
    assert own != cluster_state.cluster_folder(ClusterId("tiny"))


def test_hardware_address() -> None:
    """A machine's Ethernet address is its own, nobody's product, and the same after each boot."""
    addresses = [
        cluster_state.VmSpec("a", Role.WORKER, f"10.213.0.{last}", 512).mac_address for last in (11, 12, 11)
    ]
    assert ["02:00:0a:d5:00:0b", "02:00:0a:d5:00:0c", "02:00:0a:d5:00:0b"] == addresses
