"""Verify all labs on real nodes, each on the driver that this host selects for it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from runner.checking import verify_report
from runner.checking.verify_report import LabVerification
from runner.drivers.docker import project_lock
from runner.lessons import catalog
from tests.support.helpers import CHECKOUT
from tests.support.labs_command import LabsRunner, make_labs_runner, remove_project

pytestmark = [pytest.mark.docker, pytest.mark.uml]
LABS = sorted(path.parent.name for path in (CHECKOUT / "labs").glob("*/lesson.md"))
_MIN_NEAR_MISSES = 8


@dataclass(frozen=True, slots=True)
class VerifyRun:
    """A run of `labs verify --all` and its report."""

    process: subprocess.CompletedProcess[str]
    labs: dict[str, LabVerification]


@pytest.fixture(scope="module")
def labs_with_any_driver(environment: dict[str, str]) -> Iterator[LabsRunner]:
    """Return a function that runs `labs` on the labs of this project, with any driver, in a separate project."""
    project = f"{environment['LABS_PROJECT']}-course"
    variables = {name: value for name, value in environment.items() if name not in ("LABS_ROOT", "LABS_DRIVER")}
    with project_lock.acquire_project_lock(project):
        yield make_labs_runner({**variables, "LABS_PROJECT": project})
    remove_project(variables, project)


@pytest.fixture(scope="module")
def verify_run(labs_with_any_driver: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> VerifyRun:
    """Verify all labs in one run."""
    file = tmp_path_factory.mktemp("verify_run") / "report.json"
    result = labs_with_any_driver("verify", "--all", "--report", str(file), timeout=3600)
    reports = verify_report.parse_verify_report(json.loads(file.read_text("utf-8"))) if file.exists() else []
    return VerifyRun(result, {report.lab: report for report in reports})


def _describe_failures(lab: LabVerification) -> str:
    failures = [f"{proof.step}: {proof.claim}: {proof.failure}" for proof in lab.failed_assertions]
    return lab.error or "\n".join(failures)


@pytest.mark.parametrize("lab", LABS)
def test_lab_passes_verify(verify_run: VerifyRun, lab: str) -> None:
    """The checks of each step fail before it and pass after it, and each near miss fails as its file promises."""
    assert lab in verify_run.labs, verify_run.process.stdout + verify_run.process.stderr
    verification = verify_run.labs[lab]
    assert "" == _describe_failures(verification)
    assert _MIN_NEAR_MISSES <= sum(" fails with '" in proof.claim for proof in verification.assertions)


def test_table(verify_run: VerifyRun) -> None:
    """The command ends with a table of all labs and a line with their names, and exits with 0."""
    assert 0 == verify_run.process.returncode, verify_run.process.stdout + verify_run.process.stderr
    *lines, summary = verify_run.process.stdout.splitlines()
    assert f"Proven: {', '.join(LABS)}." == summary
    rows = [line.split() for line in lines]
    assert [["LAB", "DRIVER", "TESTS", "FAILED", "SECONDS"], *([lab, "proven"] for lab in LABS)] == [
        rows[0],
        *([row[0], row[-1]] for row in rows[1:]),
    ]


def test_lab_on_both_drivers(labs_with_any_driver: LabsRunner) -> None:
    """A lab that is verified on containers can be played on VMs too, with all checks passing."""
    try:
        assert 0 == labs_with_any_driver("start", "swarm-basics", "--driver", "uml").returncode
        played = labs_with_any_driver("play", "swarm-basics")
        assert 0 == played.returncode, played.stdout + played.stderr
    finally:
        labs_with_any_driver("rm", "swarm-basics")


def test_all_labs_are_listed() -> None:
    """The labs that are verified here are those that `labs list` shows."""
    assert catalog.list_lab_names() == LABS
