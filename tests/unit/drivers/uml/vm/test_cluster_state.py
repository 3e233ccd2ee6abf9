"""The recorded state of a cluster of VMs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.drivers.uml.driver import UmlDriver
from runner.drivers.uml.vm import cluster_state
from runner.nodes.driver_interface import Cluster, ClusterId
from runner.nodes.topology import NodeSpec, Role, Topology
from tests.support import helpers

TWO_NODES = Topology((NodeSpec("node1", Role.MANAGER, 700), NodeSpec("node2", Role.WORKER)))


def test_create_state() -> None:
    """VMs get memory and addresses in the order of the topology; the gateway and the mirror have other addresses."""
    state = cluster_state.build_state(ClusterId("tiny"), TWO_NODES, Path("/artifacts"))
    assert [("node1", "10.213.0.11", 700), ("node2", "10.213.0.12", 1200)] == [
        (vm.name, vm.address, vm.memory_mb) for vm in state.vms
    ]
    assert "node1:10.213.0.11,node2:10.213.0.12" == state.hosts_parameter
    assert ["10.213.0.1", "10.213.0.2"] == [str(cluster_state.GATEWAY), str(cluster_state.MIRROR)]


@pytest.mark.parametrize("cluster", [ClusterId("tiny"), ClusterId("tiny", "verify")])
def test_save_and_load(cluster: ClusterId, tmp_path: Path) -> None:
    """A saved state loads as the same state, for every run of a lab."""
    state = cluster_state.build_state(cluster, TWO_NODES, Path("/artifacts"))
    state.save_to_folder(tmp_path)
    assert state == cluster_state.load_state(tmp_path)
    assert cluster == state.cluster_id


@pytest.mark.parametrize("content", [None, "", '{"lab": "ti', "[]", '{"lab": "tiny"}'])
def test_incomplete_state_file(content: str | None, tmp_path: Path) -> None:
    """A missing, incomplete or invalid state file loads as no state."""
    if content is not None:
        (tmp_path / "cluster.json").write_text(content, "utf-8")
    assert cluster_state.load_state(tmp_path) is None


def test_cluster_of_an_earlier_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cluster that an earlier version created is listed as an incomplete cluster, and can be removed."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    folder = cluster_state.cluster_folder(ClusterId("tiny"))
    assert "machines" == folder.parent.name
    folder.mkdir(parents=True)
    vm = {"name": "node1", "role": "manager", "address": "10.213.0.11", "memory": 1200}
    plan = {"lab": "tiny", "run": "main", "parts": "/parts", "machines": [vm]}
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    (folder / "complete").touch()
    driver = UmlDriver()
    assert [Cluster(ClusterId("tiny"), "uml", (), is_complete=False)] == driver.list_clusters()
    assert driver.remove_cluster(ClusterId("tiny"))
    assert [] == driver.list_clusters()


def test_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each run of a lab has its own folder and socket, and another project has other folders."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    main = cluster_state.cluster_folder(ClusterId("tiny"))
    verify = cluster_state.cluster_folder(ClusterId("tiny", "verify"))
    assert ["tiny", "tiny.verify"] == [main.name, verify.name]
    assert [main, verify] == [cluster_state.supervisor_socket_path(folder).parent for folder in (main, verify)]
    verify.mkdir(parents=True)
    monkeypatch.setenv("LABS_PROJECT", "other")
    other = cluster_state.cluster_folder(ClusterId("tiny"))
    assert main != other
    other.mkdir(parents=True)
    assert {verify, other} == set(cluster_state.list_cluster_folders_of_all_projects())


def test_mac_address() -> None:
    """A VM's Ethernet address is locally administered, unique in its cluster, and the same after each boot."""
    addresses = [cluster_state.VmSpec("a", Role.WORKER, f"10.213.0.{host}", 512).mac_address for host in (11, 12, 11)]
    assert ["02:00:0a:d5:00:0b", "02:00:0a:d5:00:0c", "02:00:0a:d5:00:0b"] == addresses
