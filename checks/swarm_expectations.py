"""Expectations that several labs have of a swarm: ready nodes, one manager, a long task history."""

from __future__ import annotations

from checks.expect import expect_equal, fail
from checks.swarm import SwarmSnapshot

_LIST_NODES = "docker node ls"
_MIN_TASK_HISTORY = 10


def expect_all_nodes_ready(swarm: SwarmSnapshot) -> None:
    """Fail unless every node of the lab is a ready member of the same swarm.

    Raises:
        NotYet: A node is not a ready member.

    """
    for name in swarm.nodes:
        expect_equal(
            swarm.manager, f"{name} is {swarm.require_member(name).state}", f"{name} is ready", see=_LIST_NODES
        )


def expect_only_node1_manages(swarm: SwarmSnapshot) -> None:
    """Fail unless node1 is a manager of the swarm, and node2 and node3 are workers.

    Raises:
        NotYet: A node has the other role, or is not a member.

    """
    roles = {"node1": "a manager", "node2": "a worker", "node3": "a worker"}
    for name, role in roles.items():
        expect_equal(
            swarm.manager, f"{name} is {swarm.require_member(name).role_phrase}", f"{name} is {role}", see=_LIST_NODES
        )


def expect_long_task_history(swarm: SwarmSnapshot) -> None:
    """Fail unless the swarm keeps at least ten tasks per replica in its task history.

    Raises:
        NotYet: The task history limit is lower.

    """
    limit = swarm.swarm_settings["Spec"]["Orchestration"]["TaskHistoryRetentionLimit"]
    if limit < _MIN_TASK_HISTORY:
        see = "docker info | grep 'Task History'"
        fail(swarm.manager, f"the task history limit is {limit}", f"it is {_MIN_TASK_HISTORY} or more", see)
