"""The snapshot of a cluster, built from responses of the Docker API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.nodes.driver_interface import NodeState
from runner.watch import cluster_snapshot
from runner.watch.cluster_snapshot import (
    ApiResponses,
    ClusterSnapshot,
    NodeSnapshot,
    ServiceSnapshot,
    SwarmRole,
    Workload,
)
from tests.support.local_nodes import LocalNode

NODE1, NODE2 = LocalNode(Path("1"), "node1"), LocalNode(Path("2"), "node2")


def make_swarm_node(
    name: str, *, role: str = "worker", state: str = "ready", availability: str = "active"
) -> dict[str, Any]:
    """Return a node as `GET /nodes` lists it."""
    manager_status = {"ManagerStatus": {"Leader": True}} if role == "leader" else {}
    role = "manager" if role == "leader" else role
    entry = {"ID": f"id-{name}-{state}", "Description": {"Hostname": name}, "Status": {"State": state}}
    return {**entry, **manager_status, "Spec": {"Role": role, "Availability": availability}}


def make_task(slot: int | None, node: str, state: str = "running") -> dict[str, Any]:
    """Return a task of the service web."""
    slots = {} if slot is None else {"Slot": slot}
    return {"ServiceID": "s1", "NodeID": node, "Status": {"State": state}, **slots}


def make_container(name: str, state: str = "running", **labels: str) -> dict[str, Any]:
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
    """Without a swarm each node has its containers, running ones first."""
    responses = ApiResponses(
        containers={"node1": [make_container("b"), make_container("a", "exited"), make_container("c")], "node2": []}
    )
    workloads = (Workload("b"), Workload("c"), Workload("a", "exited"))
    assert ClusterSnapshot(
        (NodeSnapshot("node1", workloads=workloads), NodeSnapshot("node2"))
    ) == cluster_snapshot.build_cluster_snapshot([NODE1, NODE2], responses)


def test_swarm() -> None:
    """In a swarm each node has its role and its tasks by slot, and the containers of tasks are left out."""
    task_container = make_container("web.1.xyz", **{"com.docker.swarm.task.id": "t1"})
    responses = ApiResponses(
        swarm_nodes=[make_swarm_node("node1", role="leader"), make_swarm_node("node2")],
        services=[WEB],
        tasks=[
            make_task(2, "id-node2-ready", "preparing"),
            make_task(1, "id-node1-ready"),
            make_task(3, "", "pending"),
        ],
        containers={"node1": [task_container, make_container("lonely", "exited")], "node2": []},
    )
    expected = ClusterSnapshot(
        nodes=(
            NodeSnapshot(
                "node1", SwarmRole.LEADER, "ready", (Workload("web.1", is_task=True), Workload("lonely", "exited"))
            ),
            NodeSnapshot("node2", SwarmRole.WORKER, "ready", (Workload("web.2", "preparing", is_task=True),)),
        ),
        services=(ServiceSnapshot("web", 2, 3, (8080,)),),
        unassigned_tasks=(Workload("web.3", "pending", is_task=True),),
    )
    assert expected == cluster_snapshot.build_cluster_snapshot([NODE1, NODE2], responses)


def test_global_service() -> None:
    """A task of a global service has no slot, but is still a task."""
    responses = ApiResponses([make_swarm_node("node1")], [WEB], [make_task(None, "id-node1-ready")], BOTH)
    assert (Workload("web", is_task=True),) == cluster_snapshot.build_cluster_snapshot([NODE1], responses).nodes[
        0
    ].workloads


def test_states() -> None:
    """A node that is not ready has the state that the swarm reports, unless it is stopped or unreachable."""
    stopped = LocalNode(Path("3"), "node3", state=NodeState.STOPPED)
    swarm_nodes = [
        make_swarm_node("node1", availability="drain"),
        make_swarm_node("node2", state="down"),
        make_swarm_node("node3"),
        make_swarm_node("node4", availability="pause"),
        make_swarm_node("node5"),
    ]
    nodes = [NODE1, NODE2, stopped, LocalNode(Path("4"), "node4"), LocalNode(Path("5"), "node5")]
    responses = ApiResponses(swarm_nodes=swarm_nodes, containers={**BOTH, "node4": []})
    states = [node.state for node in cluster_snapshot.build_cluster_snapshot(nodes, responses).nodes]
    assert ["drained", "down", "stopped", "paused", "unreachable"] == states


def test_rejoined_node() -> None:
    """Of a node that left and joined again, the current membership counts."""
    responses = ApiResponses(
        [make_swarm_node("node1", state="down"), make_swarm_node("node1", role="manager")], containers=BOTH
    )
    assert (SwarmRole.MANAGER, "ready") == (
        cluster_snapshot.build_cluster_snapshot([NODE1], responses).nodes[0].swarm_role,
        cluster_snapshot.build_cluster_snapshot([NODE1], responses).nodes[0].state,
    )


def test_tasks_of_a_stopped_node() -> None:
    """A stopped node has no tasks, although the swarm may still report them."""
    stopped = LocalNode(Path("1"), "node1", state=NodeState.STOPPED)
    responses = ApiResponses([make_swarm_node("node1")], [WEB], [make_task(1, "id-node1-ready")], {"node2": []})
    assert () == cluster_snapshot.build_cluster_snapshot([stopped, NODE2], responses).nodes[0].workloads


def test_settled() -> None:
    """A snapshot is settled if no task is unassigned, starting or missing, and every node is reachable."""
    node = NodeSnapshot(
        "node1", SwarmRole.LEADER, "ready", (Workload("web.1", is_task=True), Workload("lonely", "exited"))
    )
    web = ServiceSnapshot("web", 1, 1)
    assert ClusterSnapshot((node,), (web,)).is_settled
    unsettled = [
        ClusterSnapshot((node,), (ServiceSnapshot("web", 1, 2),)),
        ClusterSnapshot((node,), (web,), (Workload("web.2", "pending", is_task=True),)),
        ClusterSnapshot((node, NodeSnapshot("node2", state="unreachable")), (web,)),
        ClusterSnapshot((NodeSnapshot("node1", workloads=(Workload("web.1", "starting", is_task=True),)),), (web,)),
    ]
    assert [False] * 4 == [snapshot.is_settled for snapshot in unsettled]
