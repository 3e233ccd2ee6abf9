"""The labs themselves, each proved on real nodes of the driver that serves it here."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

import pytest

from runner.checking import verify_report
from runner.checking.verify_report import LabVerification
from runner.lessons import catalog
from tests.conftest import CHECKOUT, LabsRunner, make_labs_runner

pytestmark = [pytest.mark.docker, pytest.mark.uml]
LABS = sorted(path.parent.name for path in (CHECKOUT / "labs").glob("*/lesson.md"))
_MISSES = 8


@dataclass(frozen=True, slots=True)
class Done:
    """A `labs verify` of everything, and its report."""

    process: subprocess.CompletedProcess[str]
    labs: dict[str, LabVerification]


@pytest.fixture(scope="module")
def own(environment: dict[str, str]) -> LabsRunner:
    """Return what runs `labs` on the labs that users have, with every driver free to serve."""
    return make_labs_runner({name: value for name, value in environment.items() if name not in ("LABS_ROOT", "LABS_DRIVER")})


@pytest.fixture(scope="module")
def course(own: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Verify all labs at once."""
    report = tmp_path_factory.mktemp("course") / "report.json"
    done = own("verify", "--all", "--report", str(report), timeout=3600)
    found = verify_report.parse_verify_report(json.loads(report.read_text("utf-8"))) if report.exists() else []
    return Done(done, {one.lab: one for one in found})


def _told(one: LabVerification) -> str:
    return one.error or "\n".join(f"{proof.step}: {proof.claim}: {proof.failure}" for proof in one.failed_assertions)


@pytest.mark.parametrize("lab", LABS)
def test_lab_holds(course: Done, lab: str) -> None:
    """Every step of a lab fails before, passes after, and each near miss is told as its file promises."""
    assert lab in course.labs, course.process.stdout + course.process.stderr
    one = course.labs[lab]
    assert "" == _told(one)
    assert _MISSES <= sum(": fails with '" in proof.claim for proof in one.assertions)


def test_table(course: Done) -> None:
    """In the end a table tells of every lab, and the command ends with 0."""
    assert 0 == course.process.returncode, course.process.stdout + course.process.stderr
    rows = [line.split() for line in course.process.stdout.splitlines()]
    assert [["LAB", "DRIVER", "TESTS", "FAILED", "SECONDS"], *([lab, "passed"] for lab in LABS)] == [
        rows[0],
        *([row[0], row[-1]] for row in rows[1:]),
    ]


def test_containers_and_machines(own: LabsRunner) -> None:
    """What holds on containers holds on machines: the same lesson, each step's checks passing once it is played."""
    try:
        assert 0 == own("start", "swarm-basics", "--driver", "uml").returncode
        played = own("play", "swarm-basics")
        assert 0 == played.returncode, played.stdout + played.stderr
    finally:
        own("rm", "swarm-basics")


def test_every_lab_is_found() -> None:
    """The labs that are proved here are those that `labs list` shows."""
    assert catalog.list_lab_names() == LABS
