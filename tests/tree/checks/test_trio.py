"""Checks of the tests' own lab."""

from checks import Nodes, eventually, expect_equal, fail, step


@step("init")
def test_node1_is_active(nodes: Nodes) -> None:
    """node1 is in a swarm."""
    state = nodes["node1"].api.info()["Swarm"]["LocalNodeState"]
    expect_equal(nodes["node1"], state, "active", of="the swarm on node1", see="docker info")


@step("init")
def test_note_exists(nodes: Nodes) -> None:
    """The lab's note is on node1."""
    note = nodes["node1"].testinfra_host.file("/root/app/note.txt")
    if not note.exists:
        fail(nodes["node1"], "there is no note", "/root/app/note.txt", see="ls app")


@step("join")
def test_three_nodes_are_ready(nodes: Nodes) -> None:
    """Three nodes are ready."""

    def probe() -> None:
        states = [node["Status"]["State"] for node in nodes["node1"].api.api.nodes()]
        expect_equal(nodes["node1"], states, ["ready"] * 3, of="the nodes' states", see="docker node ls")

    eventually(probe)


@step("join")
def test_node3_is_active(nodes: Nodes) -> None:
    """node3 is in the swarm."""
    state = nodes["node3"].api.info()["Swarm"]["LocalNodeState"]
    expect_equal(nodes["node3"], state, "active", of="the swarm on node3", see="docker info")
