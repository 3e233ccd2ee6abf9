"""The picture of nodes and services, from what engines tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.nodes.driver_interface import NodeState
from runner.watch import cluster_snapshot
from runner.watch.cluster_snapshot import NodeSight, Picture, ServiceSight, Standing, Told, Unit
from tests.helpers import LocalNode

NODE1, NODE2 = LocalNode(Path("1"), "node1"), LocalNode(Path("2"), "node2")


def member(name: str, *, role: str = "worker", state: str = "ready", availability: str = "active") -> dict[str, Any]:
    """Return a member as the Docker API has it."""
    more = {"ManagerStatus": {"Leader": True}} if role == "leader" else {}
    role = "manager" if role == "leader" else role
    own = {"ID": f"id-{name}-{state}", "Description": {"Hostname": name}, "Status": {"State": state}}
    return {**own, **more, "Spec": {"Role": role, "Availability": availability}}


def task(slot: int | None, node: str, state: str = "running") -> dict[str, Any]:
    """Return a task of the service web."""
    slots = {} if slot is None else {"Slot": slot}
    return {"ServiceID": "s1", "NodeID": node, "Status": {"State": state}, **slots}


def container(name: str, state: str = "running", **labels: str) -> dict[str, Any]:
    """Return a container."""
    return {"Id": "0123456789abcdef", "Names": [f"/{name}"], "State": state, "Labels": labels}


WEB = {
    "ID": "s1",
    "Spec": {"Name": "web"},
    "Endpoint": {"Ports": [{"PublishedPort": 8080, "TargetPort": 80}, {"TargetPort": 81}]},
    "ServiceStatus": {"RunningTasks": 2, "DesiredTasks": 3},
}
BOTH: dict[str, list[dict[str, Any]]] = {"node1": [], "node2": []}


def test_no_swarm() -> None:
    """Without a swarm the picture has each node with its containers, those that run first."""
    told = Told(containers={"node1": [container("b"), container("a", "exited"), container("c")], "node2": []})
    units = (Unit("b"), Unit("c"), Unit("a", "exited"))
    assert Picture((NodeSight("node1", units=units), NodeSight("node2"))) == cluster_snapshot.of([NODE1, NODE2], told)


def test_swarm() -> None:
    """In a swarm each node has its role and tasks by slot, and their containers are not shown beside them."""
    of_task = container("web.1.xyz", **{"com.docker.swarm.task.id": "t1"})
    told = Told(
        members=[member("node1", role="leader"), member("node2")],
        services=[WEB],
        tasks=[task(2, "id-node2-ready", "preparing"), task(1, "id-node1-ready"), task(3, "", "pending")],
        containers={"node1": [of_task, container("lonely", "exited")], "node2": []},
    )
    expected = Picture(
        nodes=(
            NodeSight("node1", Standing.LEADER, "ready", (Unit("web.1", is_task=True), Unit("lonely", "exited"))),
            NodeSight("node2", Standing.WORKER, "ready", (Unit("web.2", "preparing", is_task=True),)),
        ),
        services=(ServiceSight("web", 2, 3, (8080,)),),
        waiting=(Unit("web.3", "pending", is_task=True),),
    )
    assert expected == cluster_snapshot.of([NODE1, NODE2], told)


def test_global_service() -> None:
    """A task of a global service has no slot, and is still told from a container."""
    told = Told([member("node1")], [WEB], [task(None, "id-node1-ready")], BOTH)
    assert (Unit("web", is_task=True),) == cluster_snapshot.of([NODE1], told).nodes[0].units


def test_states() -> None:
    """What is the matter with a node is told: what the swarm says of it, and before that what can be seen."""
    stopped = LocalNode(Path("3"), "node3", state=NodeState.STOPPED)
    members = [
        member("node1", availability="drain"),
        member("node2", state="down"),
        member("node3"),
        member("node4", availability="pause"),
        member("node5"),
    ]
    nodes = [NODE1, NODE2, stopped, LocalNode(Path("4"), "node4"), LocalNode(Path("5"), "node5")]
    told = Told(members=members, containers={**BOTH, "node4": []})
    seen = [node.state for node in cluster_snapshot.of(nodes, told).nodes]
    assert ["drained", "down", "stopped", "paused", "unreachable"] == seen


def test_left_and_come_back() -> None:
    """Of a node that has left and joined anew, its present membership counts."""
    told = Told([member("node1", state="down"), member("node1", role="manager")], containers=BOTH)
    assert (Standing.MANAGER, "ready") == (
        cluster_snapshot.of([NODE1], told).nodes[0].standing,
        cluster_snapshot.of([NODE1], told).nodes[0].state,
    )


def test_tasks_of_a_node_that_is_down() -> None:
    """A node that is down runs nothing, though the swarm may not know yet."""
    stopped = LocalNode(Path("1"), "node1", state=NodeState.STOPPED)
    told = Told([member("node1")], [WEB], [task(1, "id-node1-ready")], {"node2": []})
    assert () == cluster_snapshot.of([stopped, NODE2], told).nodes[0].units


def test_settled() -> None:
    """The picture is settled if no task waits, starts or is missing, and every node can be asked."""
    node = NodeSight("node1", Standing.LEADER, "ready", (Unit("web.1", is_task=True), Unit("lonely", "exited")))
    web = ServiceSight("web", 1, 1)
    assert Picture((node,), (web,)).settled
    unsettled = [
        Picture((node,), (ServiceSight("web", 1, 2),)),
        Picture((node,), (web,), (Unit("web.2", "pending", is_task=True),)),
        Picture((node, NodeSight("node2", state="unreachable")), (web,)),
        Picture((NodeSight("node1", units=(Unit("web.1", "starting", is_task=True),)),), (web,)),
    ]
    assert [False] * 4 == [one.settled for one in unsettled]
