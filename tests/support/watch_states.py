"""States of a watch, for the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.lessons.model import Command, Hint, Lab, Lesson, Step
from runner.nodes.topology import NodeSpec, Role, Topology
from runner.watch.cluster_snapshot import ClusterSnapshot, NodeSnapshot, ServiceSnapshot, SwarmRole, Workload
from runner.watch.model import ClusterPhase, ErrorNotice, WatchState

HINT = "Each token is for *one* role:\n\n```sh\ndocker swarm join-token worker\n```"


def _step(name: str, title: str, *hints: str) -> Step:
    return Step(name, title, 1, (*(Hint(text, 1) for text in hints), Command(("node1",), "true", 1)))


STEPS = (
    _step("init", "Create the swarm"),
    _step("join", "Join the workers", "There are two tokens.", HINT),
    _step("serve", "The first service"),
    _step("scale", "Change your mind: scale"),
    _step("drain", "Drain a node, and bring it back"),
    _step("end", "What to remember, and a challenge"),
)
TOPOLOGY = Topology(tuple(NodeSpec(f"node{number}", Role.WORKER) for number in (1, 2, 3)))
LAB = Lab("tiny", Path("tiny"), Lesson("A small swarm", "", "beginner", 5, TOPOLOGY, (), (), STEPS))


def make_passed_result(check: str, step: str, says: str) -> CheckResult:
    """Return the result of a check that passes."""
    return CheckResult(check, step, says, Outcome.PASSED)


INIT = make_passed_result("test_init", "init", "node1 manages a swarm")
READY = make_passed_result("test_ready", "join", "node1, node2 and node3 are ready members of one swarm")
NOT_WORKERS = CheckResult(
    "test_workers",
    "join",
    "node2 and node3 are workers",
    Outcome.FAILED,
    node="node1",
    observed="node3 is a manager",
    expected="node3 is a worker",
    see="docker node ls",
)
WORKERS = make_passed_result("test_workers", "join", "node2 and node3 are workers")
SKIPPED_WEB = CheckResult(
    "test_web", "serve", "There is a service called web", Outcome.SKIPPED, reason="first finish 'Join'"
)
NODE3_ERROR = CheckResult(
    "test_node3", "join", "node3 answers", Outcome.ERROR, reason="node3 is down. 'labs start' boots it."
)

NODES = (
    NodeSnapshot("node1", SwarmRole.LEADER, "ready", (Workload("web.1", is_task=True), Workload("lonely", "exited"))),
    NodeSnapshot(
        "node2",
        SwarmRole.WORKER,
        "ready",
        (Workload("web.2", is_task=True), Workload("web.4", "preparing", is_task=True)),
    ),
    NodeSnapshot("node3", SwarmRole.MANAGER, "drained"),
)
SNAPSHOT = ClusterSnapshot(NODES, (ServiceSnapshot("web", 2, 4, (8080,)),), (Workload("web.3", "pending"),))


def make_watch_state(*results: CheckResult, snapshot: ClusterSnapshot = SNAPSHOT) -> WatchState:
    """Return the state of a watch with a running cluster and these check results."""
    return WatchState(LAB, ClusterPhase.RUNNING, snapshot, CheckReport("tiny", results))


FRESH = make_watch_state(*(replace(INIT, outcome=Outcome.FAILED, observed="no swarm", expected="a swarm"), SKIPPED_WEB))
HALF_DONE = make_watch_state(INIT, READY, NOT_WORKERS, SKIPPED_WEB)
WITH_ERROR = make_watch_state(INIT, NODE3_ERROR)
FINISHED = make_watch_state(*(make_passed_result(f"test_{step.id}", step.id, f"{step.title}: done") for step in STEPS))
MANY_FAILURES = make_watch_state(
    INIT, *(replace(NOT_WORKERS, check=f"test_{number}", says=f"Number {number}") for number in range(6))
)
UNKNOWN_CLUSTER = WatchState(LAB)
NOT_STARTED = WatchState(LAB, ClusterPhase.ABSENT)
NODE_STOPPED = replace(
    HALF_DONE, snapshot=replace(SNAPSHOT, nodes=(*NODES[:2], NodeSnapshot("node3", SwarmRole.WORKER, "stopped")))
)
ENGINE_UNREACHABLE = replace(
    HALF_DONE, cluster_error=ErrorNotice("No Docker Engine answers at unix:///x.sock.", "Start it, then 'labs doctor'.")
)
