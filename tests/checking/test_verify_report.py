"""What came of verifying several labs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runner.checking import verify_report
from runner.checking.parallel_verify import VerifyJob, choose_job_count
from runner.checking.verify import Assertion
from runner.checking.verify_report import LabVerification
from runner.errors import ExitCode
from tests import helpers

GOOD = LabVerification("tiny", "docker", 1.5, (Assertion("look", "its checks pass after it"),))
BROKEN = LabVerification(
    "wide", "uml", 2.5, (Assertion("look", "its checks fail before it", "no"),), "", ExitCode.BROKEN_LAB
)


def test_a_report_is_read_as_it_was_written() -> None:
    """A report goes through JSON and tells the same again."""
    assert [GOOD, BROKEN] == verify_report.parse_verify_report(
        json.loads(json.dumps(verify_report.build_verify_report([GOOD, BROKEN])))
    )


def test_other_reports() -> None:
    """A file of another format is no report."""
    with pytest.raises(ValueError, match="labs-verify/1"):
        verify_report.parse_verify_report({"format": "labs-check/1", "labs": []})


def test_wrong() -> None:
    """What is not as it must be can be had alone."""
    assert ((), BROKEN.assertions) == (GOOD.failed_assertions, BROKEN.failed_assertions)


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], ExitCode.DONE),
        ([ExitCode.DONE, ExitCode.HOST], ExitCode.HOST),
        ([ExitCode.HOST, ExitCode.BROKEN_LAB], ExitCode.BROKEN_LAB),
        ([ExitCode.BROKEN_LAB, ExitCode.BUG, ExitCode.DONE], ExitCode.BUG),
        ([ExitCode.DONE, ExitCode.INTERRUPTED], ExitCode.INTERRUPTED),
        ([ExitCode.INCOMPLETE, ExitCode.DONE], ExitCode.INCOMPLETE),
    ],
)
def test_worst(codes: list[ExitCode], worst: ExitCode) -> None:
    """Several labs end with the exit code of the worst: a bug, a broken lab, an unfit machine, or what else is."""
    assert worst == verify_report.combine_exit_codes(replace(GOOD, exit_code=code) for code in codes)


@pytest.mark.parametrize(
    ("drivers", "cores", "free", "jobs"),
    [
        (["docker"] * 3, 2, 0, 2),
        (["docker"] * 3, 8, 0, 3),
        (["uml"] * 3, 8, 2 * 1200 / 0.7 + 1, 2),
        (["uml", "docker"], 8, 100, 1),
    ],
)
def test_jobs(
    drivers: list[str], cores: int, free: float, jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many labs are tried at once as there are processors, and as memory holds where nodes have their own."""
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    lab = helpers.lab(tmp_path, f"{helpers.FRONT}## Look {{#look}}\n")
    assert jobs == choose_job_count([VerifyJob(lab, driver) for driver in drivers], lambda: int(free))
