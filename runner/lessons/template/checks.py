"""The checks of the lab '@{ name }@', in the order of its lesson."""

from __future__ import annotations

from typing import Any

from checks import CheckNode, Nodes, expect, fail, step

_SEE = "docker ps --all"


@step("start-hello")
def test_hello_runs(nodes: Nodes) -> None:
    """The container hello runs on node1."""
    _running(nodes["node1"], "hello")


@step("challenge")
def test_again_comes_back(nodes: Nodes) -> None:
    """The container again runs on node1, and is started again whenever its program ends."""
    node1 = nodes["node1"]
    policy = _running(node1, "again").attrs["HostConfig"]["RestartPolicy"]["Name"]
    if policy not in ("always", "unless-stopped"):
        see = "docker inspect --format '{{.HostConfig.RestartPolicy.Name}}' again"
        fail(node1, f"the restart policy of again is {policy}", "it is always, or unless-stopped", see)


def _running(node: CheckNode, name: str) -> Any:
    """Return a container, if it is there and runs."""
    found = [container for container in node.api.containers.list(all=True) if container.name == name]
    if not found:
        fail(node, f"there is no container {name}", f"{name} is there", see=_SEE)
    expect(node, f"{name} is {found[0].status}", f"{name} is running", see=_SEE)
    return found[0]
