"""Checks of the lab '@{ name }@', in lesson order."""

from __future__ import annotations

from typing import Any

from checks import CheckNode, Nodes, expect_equal, fail, step

_LIST_CONTAINERS = "docker ps --all"


@step("start-hello")
def test_hello_runs(nodes: Nodes) -> None:
    """The container hello runs on node1."""
    _find_running_container(nodes["node1"], "hello")


@step("challenge")
def test_sleeper_runs_and_restarts(nodes: Nodes) -> None:
    """The container sleeper runs on node1, and restarts whenever its program exits."""
    node1 = nodes["node1"]
    policy = _find_running_container(node1, "sleeper").attrs["HostConfig"]["RestartPolicy"]["Name"]
    if policy not in ("always", "unless-stopped"):
        see = "docker inspect --format '{{.HostConfig.RestartPolicy.Name}}' sleeper"
        fail(node1, f"the restart policy of sleeper is {policy}", "it is always or unless-stopped", see)


def _find_running_container(node: CheckNode, name: str) -> Any:
    """Return a container, and fail unless it exists and runs."""
    containers = [container for container in node.api.containers.list(all=True) if container.name == name]
    if not containers:
        fail(node, f"there is no container {name}", f"a container called {name}", see=_LIST_CONTAINERS)
    expect_equal(node, f"{name} is {containers[0].status}", f"{name} is running", see=_LIST_CONTAINERS)
    return containers[0]
