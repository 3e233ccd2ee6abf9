"""Pinning VMs to processors."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from runner.drivers.uml.vm import cpu_affinity
from runner.drivers.uml.vm.cpu_affinity import ProcessorClaim


@pytest.fixture(autouse=True)
def _three_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {5, 2, 3})


def numbers(claims: Sequence[ProcessorClaim]) -> list[int]:
    """Return the processors of claims."""
    return [claim.processor for claim in claims]


def test_enough_processors(tmp_path: Path) -> None:
    """If there are enough processors, each VM has its own."""
    claims = cpu_affinity.claim_processors(3, tmp_path)
    assert [(2, True), (3, True), (5, True)] == [(claim.processor, claim.is_exclusive) for claim in claims]


def test_more_vms_than_processors(tmp_path: Path) -> None:
    """Further VMs share processors, and the first VM's processor is shared last."""
    claims = cpu_affinity.claim_processors(6, tmp_path)
    assert [2, 3, 5, 3, 5, 2] == numbers(claims)
    assert [True] * 3 + [False] * 3 == [claim.is_exclusive for claim in claims]


def test_several_clusters(tmp_path: Path) -> None:
    """A cluster's first VM avoids the processors of other first VMs; the others take the least busy processors."""
    first, second, third = (cpu_affinity.claim_processors(count, tmp_path) for count in (3, 3, 1))
    assert ([2, 3, 5], [3, 5, 2], [5]) == (numbers(first), numbers(second), numbers(third))


def test_released_processors(tmp_path: Path) -> None:
    """The processors of a cluster that has ended are free again, and the files of its claims are removed."""
    for claim in cpu_affinity.claim_processors(3, tmp_path):
        claim.file.close()
    claims = cpu_affinity.claim_processors(2, tmp_path)
    assert [(2, True), (3, True)] == [(claim.processor, claim.is_exclusive) for claim in claims]
    assert 2 == len([*tmp_path.glob("*-*")])


def test_pin_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process, its existing children and its future children stay on the processor."""
    monkeypatch.undo()
    processor = max(os.sched_getaffinity(0))
    # A background command has no standard input, so this one keeps a copy.
    script = "exec 3<&0; (sleep 60 & echo started; read go <&3; sleep 60 & echo started; wait) & wait"
    pipe = subprocess.PIPE
    with subprocess.Popen(["sh", "-c", script], stdin=pipe, stdout=pipe, text=True, start_new_session=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        cpu_affinity.pin_process_tree(process.pid, processor)
        process.stdin.write("go\n")
        process.stdin.flush()
        process.stdout.readline()
        pgrep = subprocess.run(["pgrep", "--session", str(process.pid)], capture_output=True, text=True, check=True)
        affinities = [os.sched_getaffinity(int(number)) for number in pgrep.stdout.split()]
        os.killpg(process.pid, 9)
    assert [{processor}] * 4 == affinities


def test_pin_process_that_has_exited() -> None:
    """Pinning a process that has exited does nothing."""
    process = subprocess.Popen(["true"])
    process.wait()
    cpu_affinity.pin_process_tree(process.pid, 0)
