"""The results of verifying several labs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking import verify_report
from runner.checking.parallel_verify import LabOnDriver, choose_max_parallel, choose_parallel_limits
from runner.checking.verify import Assertion
from runner.checking.verify_report import LabVerification
from runner.errors import ExitCode
from tests.support import helpers

GOOD = LabVerification("tiny", "docker", 1.5, (Assertion("look", "checks pass after the step"),))
BROKEN = LabVerification(
    "wide", "uml", 2.5, (Assertion("look", "checks fail before the step", "no"),), "", ExitCode.BROKEN_LAB
)


def test_round_trip() -> None:
    """A report that is written as JSON and parsed again is the same."""
    assert [GOOD, BROKEN] == verify_report.parse_verify_report(
        json.loads(json.dumps(verify_report.build_verify_report([GOOD, BROKEN])))
    )


@pytest.mark.parametrize(
    ("verification", "verdict"),
    [
        (GOOD, "proven"),
        (BROKEN, "failed"),
        (replace(GOOD, exit_code=None, error="not started, because the time was over"), "not_proven"),
        (replace(GOOD, exit_code=ExitCode.HOST, error="No driver can run it."), "not_proven"),
        (replace(GOOD, exit_code=ExitCode.INTERRUPTED), "not_proven"),
        (replace(BROKEN, exit_code=ExitCode.HOST, error="A node did not answer."), "failed"),
        (replace(GOOD, exit_code=ExitCode.BROKEN_LAB, error="The lesson has problems."), "failed"),
        (replace(GOOD, exit_code=ExitCode.BUG, error="A traceback."), "failed"),
    ],
)
def test_verdict(verification: LabVerification, verdict: str) -> None:
    """A lab is proven only if its verification finished without a failure; without a failed test it may be unknown."""
    assert verdict == verify_report.build_verify_report([verification])["labs"][0]["verdict"]


def test_other_reports() -> None:
    """Other JSON is rejected, naming the expected format."""
    data: object
    for data in ({"format": "labs-check/1", "labs": []}, []):
        with pytest.raises(ValueError, match="labs-verify/3"):
            verify_report.parse_verify_report(data)
    with pytest.raises(ValueError, match="seconds"):
        verify_report.parse_verify_report({"format": "labs-verify/3", "labs": [{"lab": "tiny", "driver": "docker"}]})


def test_failed_assertions() -> None:
    """The failed assertions are listed separately."""
    assert ((), BROKEN.assertions) == (GOOD.failed_assertions, BROKEN.failed_assertions)


@pytest.mark.parametrize(
    ("codes", "combined"),
    [
        ([], ExitCode.DONE),
        ([ExitCode.DONE, ExitCode.HOST], ExitCode.HOST),
        ([ExitCode.HOST, ExitCode.BROKEN_LAB], ExitCode.BROKEN_LAB),
        ([ExitCode.BROKEN_LAB, ExitCode.BUG, ExitCode.DONE], ExitCode.BUG),
        ([ExitCode.DONE, ExitCode.INTERRUPTED], ExitCode.INTERRUPTED),
        ([ExitCode.INCOMPLETE, ExitCode.DONE], ExitCode.INCOMPLETE),
        ([None, ExitCode.DONE], ExitCode.DONE),
        ([None, ExitCode.BROKEN_LAB], ExitCode.BROKEN_LAB),
    ],
)
def test_combined_exit_code(codes: list[ExitCode | None], combined: ExitCode) -> None:
    """Several labs have the most severe exit code: a bug, a broken lab, an unsuitable host, or any other.

    Labs that were not started do not count.
    """
    assert combined == verify_report.combine_exit_codes(replace(GOOD, exit_code=code) for code in codes)


@pytest.mark.parametrize(
    ("drivers", "cores", "free", "jobs"),
    [
        (["docker"] * 3, 2, 0, 2),
        (["docker"] * 3, 8, 0, 3),
        (["uml"] * 3, 8, 2 * 1200 / 0.7 + 1, 2),
        (["uml", "docker"], 8, 100, 1),
    ],
)
def test_job_count(
    drivers: list[str], cores: int, free: float, jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One lab runs per processor, but no more labs at a time than fit into memory if their nodes reserve it."""
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    lab = helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    assert jobs == choose_max_parallel([LabOnDriver(lab, driver) for driver in drivers], lambda: int(free))


@pytest.mark.parametrize(
    ("drivers", "chosen", "limits"),
    [
        (["docker"] * 9, None, (4, math.inf)),
        (["docker"] * 3, None, (3, math.inf)),
        (["uml", "docker", "docker"], None, (3, 7000.0)),
        (["uml"] * 3, 2, (2, math.inf)),
        (["uml"], 5, (1, math.inf)),
    ],
)
def test_parallel_limits(
    drivers: list[str],
    chosen: int | None,
    limits: tuple[int, float],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two labs per processor are verified at a time, as far as memory allows; or as many as the user says."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    lab = helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    actual = choose_parallel_limits([LabOnDriver(lab, driver) for driver in drivers], chosen, lambda: 10_000)
    assert limits == (actual.labs, actual.memory_mb)
