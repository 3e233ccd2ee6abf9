"""Moments of a watch, for the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.checking.results import Outcome, CheckReport, CheckResult
from runner.lessons.model import Command, Hint, Lab, Lesson, Step
from runner.nodes.topology import NodeSpec, Role, Topology
from runner.watch.cluster_snapshot import NodeSnapshot, ClusterSnapshot, ServiceSnapshot, SwarmRole, Workload
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


def passed(check: str, step: str, says: str) -> CheckResult:
    """Return a check that passes."""
    return CheckResult(check, step, says, Outcome.PASSED)


INIT = passed("test_init", "init", "node1 manages a swarm")
READY = passed("test_ready", "join", "node1, node2 and node3 are ready members of one swarm")
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
WORKERS = passed("test_workers", "join", "node2 and node3 are workers")
LATER = CheckResult("test_web", "serve", "There is a service called web", Outcome.SKIPPED, reason="first finish 'Join'")
UNKNOWN = CheckResult("test_node3", "join", "node3 answers", Outcome.ERROR, reason="node3 is down. 'labs start' boots it.")

NODES = (
    NodeSnapshot("node1", SwarmRole.LEADER, "ready", (Workload("web.1", is_task=True), Workload("lonely", "exited"))),
    NodeSnapshot(
        "node2", SwarmRole.WORKER, "ready", (Workload("web.2", is_task=True), Workload("web.4", "preparing", is_task=True))
    ),
    NodeSnapshot("node3", SwarmRole.MANAGER, "drained"),
)
PICTURE = ClusterSnapshot(NODES, (ServiceSnapshot("web", 2, 4, (8080,)),), (Workload("web.3", "pending"),))


def watch(*results: CheckResult, picture: ClusterSnapshot = PICTURE) -> WatchState:
    """Return a watch of a cluster that is up, and whose checks found this."""
    return WatchState(LAB, ClusterPhase.RUNNING, picture, CheckReport("tiny", results))


FRESH = watch(*(replace(INIT, outcome=Outcome.FAILED, observed="no swarm", expected="a swarm"), LATER))
HALF = watch(INIT, READY, NOT_WORKERS, LATER)
WITHOUT_ANSWER = watch(INIT, UNKNOWN)
FINISHED = watch(*(passed(f"test_{step.id}", step.id, f"{step.title}: done") for step in STEPS))
LONG = watch(INIT, *(replace(NOT_WORKERS, check=f"test_{number}", says=f"Number {number}") for number in range(6)))
UNSEEN = WatchState(LAB)
ABSENT = WatchState(LAB, ClusterPhase.ABSENT)
STOPPED = replace(HALF, snapshot=replace(PICTURE, nodes=(*NODES[:2], NodeSnapshot("node3", SwarmRole.WORKER, "stopped"))))
LOST = replace(HALF, cluster_error=ErrorNotice("No Docker Engine answers at unix:///x.sock.", "Start it, then 'labs doctor'."))
