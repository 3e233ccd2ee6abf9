"""What several labs ask of a swarm's members: who is in it, who manages it, how long it remembers."""

from __future__ import annotations

from checks.expect import expect, fail
from checks.swarm import Glance

_LIST = "docker node ls"
_HISTORY = 10


def expect_ready(now: Glance) -> None:
    """Expect every node of the lab to be a ready member of the one swarm.

    Raises:
        NotYet: One is not.

    """
    for name in now.nodes:
        expect(now.manager, f"{name} is {now.member(name).state}", f"{name} is ready", see=_LIST)


def expect_one_manager(now: Glance) -> None:
    """Expect node1 to manage the swarm, and the others to be workers.

    Raises:
        NotYet: A node has the other role, or is no member.

    """
    roles = {"node1": "a manager", "node2": "a worker", "node3": "a worker"}
    for name, role in roles.items():
        expect(now.manager, f"{name} is {now.member(name).role}", f"{name} is {role}", see=_LIST)


def expect_long_history(now: Glance) -> None:
    """Expect the swarm to remember at least ten tasks for every replica.

    Raises:
        NotYet: It forgets them sooner.

    """
    limit = now.settings["Spec"]["Orchestration"]["TaskHistoryRetentionLimit"]
    if limit < _HISTORY:
        see = "docker info | grep 'Task History'"
        fail(now.manager, f"the task history limit is {limit}", f"it is {_HISTORY} or more", see)
