"""The nodes that checks read from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checks import pytest_plugin
from checks.lab_nodes import CheckNode, Nodes
from runner.errors import HostError
from runner.nodes.driver_interface import NodeState
from runner.nodes.topology import Role
from tests.support import local_nodes


def test_mapping(tmp_path: Path) -> None:
    """Nodes are found by name and listed in the order of the topology."""
    nodes = Nodes(local_nodes.make_local_cluster(tmp_path, "node2", "node1"))
    assert (["node2", "node1"], 2) == (list(nodes), len(nodes))
    assert ("node1", Role.MANAGER, "127.0.0.1") == (nodes["node1"].name, nodes["node1"].role, nodes["node1"].address)


def test_run(tmp_path: Path) -> None:
    """A command returns its exit status, its output and its error output."""
    result = CheckNode(local_nodes.LocalNode(tmp_path)).run_command("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (3, "out\n", "err\n") == (result.exit_status, result.stdout_text, result.stderr_text)


def test_host(tmp_path: Path) -> None:
    """Testinfra reads files and runs commands on the node."""
    node = local_nodes.LocalNode(tmp_path)
    (node.home / "it's here").write_text("content")
    host = CheckNode(node).testinfra_host
    assert "content" == host.file("it's here").content_string
    assert (2, "gone\n") == (host.run("echo %s; exit 2", "gone").rc, host.run("echo %s; exit 2", "gone").stdout)
    assert host.file("it's gone").exists is False


@pytest.mark.parametrize(
    "access", [lambda node: node.api, lambda node: node.testinfra_host, lambda node: node.run_command("true")]
)
def test_down(access: object, tmp_path: Path) -> None:
    """The API, testinfra and commands all raise an error on a node that is down."""
    assert callable(access)
    with pytest.raises(HostError, match="node1 is down") as caught:
        access(CheckNode(local_nodes.LocalNode(tmp_path, state=NodeState.STOPPED)))
    assert "Run 'labs start' to bring it up again." == caught.value.advice


def test_reused_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that runs checks again reuses its nodes, until the state of one of them has changed."""
    monkeypatch.setattr(pytest_plugin, "_reusable_nodes", [])
    up = local_nodes.make_local_cluster(tmp_path, "node1", "node2")
    first = pytest_plugin._reuse_nodes(up)
    assert first is pytest_plugin._reuse_nodes(local_nodes.make_local_cluster(tmp_path, "node1", "node2"))
    stopped = replace(up, nodes=(up.nodes[0], local_nodes.LocalNode(tmp_path, "node2", state=NodeState.STOPPED)))
    assert first is not pytest_plugin._reuse_nodes(stopped)
