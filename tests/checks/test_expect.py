"""How checks say 'not yet', and how they wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.expect import NotYet, eventually, expect, fail, set_wait_budget
from checks.lab_nodes import CheckNode
from tests import helpers


@pytest.fixture
def node(tmp_path: Path) -> CheckNode:
    """Return a node to complain of."""
    return CheckNode(helpers.LocalNode(tmp_path))


def counting(node: CheckNode, enough: int) -> tuple[Callable[[], int], list[int]]:
    """Return a probe that says 'not yet' until it has been called often enough, and its calls."""
    calls: list[int] = []

    def probe() -> int:
        calls.append(len(calls) + 1)
        expect(node, len(calls), enough, of="the calls", see="ls")
        return len(calls)

    return probe, calls


def test_fail(node: CheckNode) -> None:
    """A failure carries node, what was seen and expected, and the command, and says them all."""
    with pytest.raises(NotYet) as caught:
        fail(node, "it is off", ["on"], "docker info")
    assert ("node1", "it is off", "['on']", "docker info") == (
        caught.value.node,
        caught.value.observed,
        caught.value.expected,
        caught.value.see,
    )
    assert "on node1: it is off; expected: ['on'] (see it with: docker info)" == str(caught.value)


@pytest.mark.parametrize(("of", "observed", "expected"), [("", "2", "3"), ("replicas", "replicas: 2", "replicas: 3")])
def test_expect(of: str, observed: str, expected: str, node: CheckNode) -> None:
    """What differs is a failure that says what both values are of."""
    with pytest.raises(NotYet) as caught:
        expect(node, 2, 3, of=of, see="docker service ls")
    assert (observed, expected) == (caught.value.observed, caught.value.expected)


def test_expect_equal(node: CheckNode) -> None:
    """What is as it should be is no failure."""
    expect(node, {"a", "b"}, {"b", "a"}, see="ls")


def test_eventually(node: CheckNode) -> None:
    """A probe is repeated until it is content, and its value returned."""
    probe, calls = counting(node, 3)
    set_wait_budget(5)
    assert 3 == eventually(probe)
    assert [1, 2, 3] == calls


def test_without_patience(node: CheckNode) -> None:
    """Without patience a probe is called once."""
    probe, calls = counting(node, 3)
    set_wait_budget(0)
    with pytest.raises(NotYet, match="the calls: 1"):
        eventually(probe)
    assert [1] == calls


def test_last_failure(node: CheckNode) -> None:
    """Once the patience is used up, the last failure is the one that is told."""
    probe, calls = counting(node, 1000)
    set_wait_budget(0.35)
    with pytest.raises(NotYet) as caught:
        eventually(probe)
    assert len(calls) > 2
    assert f"the calls: {len(calls)}" == caught.value.observed


def test_shared_patience(node: CheckNode) -> None:
    """All that wait draw on one patience, so the second finds none left."""
    set_wait_budget(0.3)
    began = time.monotonic()
    with pytest.raises(NotYet):
        eventually(counting(node, 1000)[0])
    probe, calls = counting(node, 2)
    with pytest.raises(NotYet):
        eventually(probe)
    assert [1] == calls
    assert 0.3 <= time.monotonic() - began < 0.6


def test_patience_left(node: CheckNode) -> None:
    """What one has not used up is there for the next."""
    set_wait_budget(5)
    eventually(counting(node, 1)[0])
    assert 2 == eventually(counting(node, 2)[0])


def test_other_errors() -> None:
    """Only 'not yet' is waited for; any other error is told at once."""
    set_wait_budget(5)
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 // 0)
    assert time.monotonic() - began < 0.1
