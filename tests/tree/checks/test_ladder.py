"""Checks of the tests' lab with several steps."""

from checks import CheckNode, Nodes, Values, expect_equal, fail, step


def _volumes(node: CheckNode) -> dict[str, dict[str, str]]:
    return {volume.name: volume.attrs["Labels"] or {} for volume in node.api.volumes.list()}


@step("swarm")
def test_node1_is_active(nodes: Nodes) -> None:
    """node1 is in a swarm."""
    state = nodes["node1"].api.info()["Swarm"]["LocalNodeState"]
    expect_equal(nodes["node1"], state, "active", of="the swarm on node1", see="docker info")


@step("volumes")
def test_first_knows_the_node(nodes: Nodes) -> None:
    """The volume first is labelled with its node."""
    node1 = nodes["node1"]
    labels = _volumes(node1).get("first")
    if labels is None:
        fail(node1, "there is no volume first", "a volume first", see="docker volume ls")
    if "node" not in labels:
        seen = f"the labels {', '.join(labels)}" if labels else "no label"
        fail(node1, f"first has {seen}", "a label node", see="docker volume inspect first")


@step("volumes")
def test_second_exists(nodes: Nodes) -> None:
    """The volume second exists."""
    volumes = _volumes(nodes["node1"])
    expect_equal(nodes["node1"], "second" in volumes, True, of="second exists", see="docker volume ls")


@step("alone")
def test_third_exists(nodes: Nodes, values: Values) -> None:
    """The volume <LAST> exists."""
    name = values["LAST"]
    expect_equal(nodes["node1"], name in _volumes(nodes["node1"]), True, of=f"{name} exists", see="docker volume ls")
