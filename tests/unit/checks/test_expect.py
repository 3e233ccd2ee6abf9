"""Checks that fail with 'not yet', and checks that wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.expect import NotYet, eventually, expect_equal, fail, set_wait_budget
from checks.lab_nodes import CheckNode
from tests.support import local_nodes
from tests.support.fake_clock import FakeClock


@pytest.fixture
def node(tmp_path: Path) -> CheckNode:
    """Return a node that failures refer to."""
    return CheckNode(local_nodes.LocalNode(tmp_path))


def make_counting_probe(node: CheckNode, enough: int) -> tuple[Callable[[], int], list[int]]:
    """Return a probe that fails until it has been called `enough` times, and the list of its calls."""
    calls: list[int] = []

    def probe() -> int:
        calls.append(len(calls) + 1)
        expect_equal(node, len(calls), enough, of="the calls", see="ls")
        return len(calls)

    return probe, calls


def test_fail(node: CheckNode) -> None:
    """A failure has the node, the observed and expected values and the command, and its message contains them all."""
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
    """Different values are a failure, and both values have the prefix."""
    with pytest.raises(NotYet) as caught:
        expect_equal(node, 2, 3, of=of, see="docker service ls")
    assert (observed, expected) == (caught.value.observed, caught.value.expected)


def test_expect_equal(node: CheckNode) -> None:
    """Equal values are no failure."""
    expect_equal(node, {"a", "b"}, {"b", "a"}, see="ls")


def test_eventually(node: CheckNode) -> None:
    """A probe is repeated until it succeeds, and its value is returned."""
    probe, calls = make_counting_probe(node, 3)
    set_wait_budget(5)
    assert 3 == eventually(probe)
    assert [1, 2, 3] == calls


def test_no_wait_budget(node: CheckNode) -> None:
    """Without a wait budget a probe is called once."""
    probe, calls = make_counting_probe(node, 3)
    set_wait_budget(0)
    with pytest.raises(NotYet, match="the calls: 1"):
        eventually(probe)
    assert [1] == calls


def test_last_failure(node: CheckNode) -> None:
    """After the wait budget is used up, the last failure is raised."""
    probe, calls = make_counting_probe(node, 1000)
    set_wait_budget(0.35)
    with pytest.raises(NotYet) as caught:
        eventually(probe)
    assert len(calls) > 2
    assert f"the calls: {len(calls)}" == caught.value.observed


def test_pauses_grow(node: CheckNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Probes follow each other closely at first, later at most a second apart, and the last one ends the budget."""
    clock = FakeClock()
    monkeypatch.setattr("checks.expect.time", clock)
    set_wait_budget(30)
    with pytest.raises(NotYet):
        eventually(make_counting_probe(node, 1000)[0])
    assert (0.1, 1.0, 30) == (clock.pauses[0], max(clock.pauses), clock.monotonic())
    assert sorted(clock.pauses[:-1]) == clock.pauses[:-1]


def test_shared_wait_budget(node: CheckNode) -> None:
    """All probes share one wait budget, so nothing is left for the second one."""
    set_wait_budget(0.3)
    began = time.monotonic()
    with pytest.raises(NotYet):
        eventually(make_counting_probe(node, 1000)[0])
    probe, calls = make_counting_probe(node, 2)
    with pytest.raises(NotYet):
        eventually(probe)
    assert [1] == calls
    assert 0.3 <= time.monotonic() - began < 0.6


def test_remaining_wait_budget(node: CheckNode) -> None:
    """The next probe can use what an earlier probe has not used."""
    set_wait_budget(5)
    eventually(make_counting_probe(node, 1)[0])
    assert 2 == eventually(make_counting_probe(node, 2)[0])


def test_other_errors() -> None:
    """A probe is repeated only after 'not yet'; any other error is raised at once."""
    set_wait_budget(5)
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 // 0)
    assert time.monotonic() - began < 0.1
