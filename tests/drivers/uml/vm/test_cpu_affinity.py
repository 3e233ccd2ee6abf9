"""Which processors machines run on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from runner.drivers.uml.vm import cpu_affinity
from runner.drivers.uml.vm.cpu_affinity import Claim


@pytest.fixture(autouse=True)
def _three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {5, 2, 3})


def numbers(claims: Sequence[Claim]) -> list[int]:
    """Return the processors of claims."""
    return [claim.processor for claim in claims]


def test_one_each(tmp_path: Path) -> None:
    """Where there are enough processors, each machine is alone on its own."""
    claims = cpu_affinity.claim(3, tmp_path)
    assert [(2, True), (3, True), (5, True)] == [(claim.processor, claim.alone) for claim in claims]


def test_more_than_processors(tmp_path: Path) -> None:
    """Further machines double up, and with the first one last."""
    claims = cpu_affinity.claim(6, tmp_path)
    assert [2, 3, 5, 3, 5, 2] == numbers(claims)
    assert [True] * 3 + [False] * 3 == [claim.alone for claim in claims]


def test_other_clusters(tmp_path: Path) -> None:
    """A cluster's first machine keeps away from other first ones, and the further ones from where most is to do."""
    first, second, third = (cpu_affinity.claim(count, tmp_path) for count in (3, 3, 1))
    assert ([2, 3, 5], [3, 5, 2], [5]) == (numbers(first), numbers(second), numbers(third))


def test_given_back(tmp_path: Path) -> None:
    """The processors of a cluster that has ended are free again, and nothing is left of its claims."""
    for claim in cpu_affinity.claim(3, tmp_path):
        claim.file.close()
    claims = cpu_affinity.claim(2, tmp_path)
    assert [(2, True), (3, True)] == [(claim.processor, claim.alone) for claim in claims]
    assert 2 == len([*tmp_path.glob("*-*")])


def test_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process and all that it has started stay on the processor, and so does what is started later."""
    monkeypatch.undo()
    processor = max(os.sched_getaffinity(0))
    # A command in the background has no standard input of its own.
    script = "exec 3<&0; (sleep 60 & echo started; read go <&3; sleep 60 & echo started; wait) & wait"
    pipe = subprocess.PIPE
    with subprocess.Popen(["sh", "-c", script], stdin=pipe, stdout=pipe, text=True, start_new_session=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        cpu_affinity.pin(process.pid, processor)
        process.stdin.write("go\n")
        process.stdin.flush()
        process.stdout.readline()
        family = subprocess.run(["pgrep", "--session", str(process.pid)], capture_output=True, text=True, check=True)
        found = [os.sched_getaffinity(int(number)) for number in family.stdout.split()]
        os.killpg(process.pid, 9)
    assert [{processor}] * 4 == found


def test_pin_of_what_has_ended() -> None:
    """A process that is gone is no trouble."""
    process = subprocess.Popen(["true"])
    process.wait()
    cpu_affinity.pin(process.pid, 0)
