"""Verifying labs many times: which runs are planned, and that busy loops end."""

from __future__ import annotations

import os

import pytest

from runner.checking.verify import Assertion
from runner.checking.verify_report import LabVerification
from tests.course.repeat_verify import Run, describe_failures, plan_runs, run_busy_loops


def test_last_runs_are_busy() -> None:
    """The last runs of each lab have a busy loop on each processor."""
    expected = [Run("a", 1, 0), Run("a", 2, 2), Run("a", 3, 2), Run("b", 1, 0), Run("b", 2, 2), Run("b", 3, 2)]
    assert expected == plan_runs(["a", "b"], times=3, busy=2, processors=2)


def test_all_runs_may_be_busy() -> None:
    """More busy runs than runs means that all of them are busy."""
    assert [Run("a", 1, 4)] == plan_runs(["a"], times=1, busy=5, processors=4)


def test_busy_loops_end_with_the_block() -> None:
    """Busy loops run inside the block, and none is left after it."""
    with run_busy_loops(2) as processes:
        for process in processes:
            os.kill(process, 0)
    assert 2 == len(processes)
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_failures_name_the_step() -> None:
    """A failed test is described with its step, and a run that did not finish with its error."""
    tests = (Assertion("first", "checks pass", ""), Assertion("second", "commands work", "line 7: no"))
    verification = LabVerification("a", "docker", 1.0, tests, "stopped early")
    assert ["second: commands work: line 7: no", "stopped early"] == describe_failures(verification)
    assert [] == describe_failures(LabVerification("a", "docker", 1.0, tests[:1]))
