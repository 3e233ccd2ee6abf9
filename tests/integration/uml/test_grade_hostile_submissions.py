"""Grading hostile submissions on VMs: every grade is right, and nothing outside the VMs is harmed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.drivers.uml.vm import cpu_affinity
from runner.errors import ExitCode
from runner.grading.grade_model import BlockRun, Grade
from tests.support.connection_recorder import record_connections
from tests.support.hostile_submissions import ALL_ERRORS, ATTACKS, PORT
from tests.support.labs_command import LabsRunner
from tests.support.ladder_submissions import (
    grade_folder,
    list_outcomes,
    parse_table,
    write_hidden_checks,
    write_submissions,
)
from tests.support.vm_leftovers import UmlLeftovers

SCOUTING_ATTACKS = [name for name in ATTACKS if name.startswith("looks-for-")]
# All report formats that show several submissions.
REPORTS = ("html", "junit", "tap", "csv", "canvas", "moodle", "markdown", "annotations")
INTERRUPTED_ATTACKS = ("forges-results", "background-processes", "honest")
_TIME_LIMIT = ("--time-limit", "25")


@dataclass(slots=True)
class GradedAttacks:
    """The results of grading all attacks.

    Attributes:
        root: The folder with the submissions, the hidden check and the reports.
        printed: The output of the command.
        status: The exit status of the command.
        grades: The grades by name.
        connections: The connections to a port of this host during the grading.

    """

    root: Path
    printed: str = ""
    status: int = 0
    grades: dict[str, Grade] = field(default_factory=dict)
    connections: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def graded(uml_labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> GradedAttacks:
    """Grade all attacks in parallel, with a hidden check and the default driver for grading."""
    graded = GradedAttacks(tmp_path_factory.mktemp("hostile"))
    with record_connections("0.0.0.0") as (port, graded.connections):
        texts = {name: attack.text.replace(PORT, str(port)) for name, attack in ATTACKS.items()}
        folder = write_submissions(graded.root / "class", texts)
        arguments = [word for name in REPORTS for word in ("--report", f"{name}={graded.root / name}")]
        checks = ("--checks", str(write_hidden_checks(graded.root)))
        result, graded.grades = grade_folder(
            uml_labs, folder, "--lab", "ladder", *_TIME_LIMIT, *checks, "--jobs", "2", *arguments
        )
    graded.printed, graded.status = result.stdout + result.stderr, result.returncode
    return graded


@pytest.mark.parametrize("name", ATTACKS)
def test_grade_is_right(graded: GradedAttacks, name: str) -> None:
    """A submission gets points for what it has done, and none for what it pretends to have done."""
    grade = graded.grades[name]
    assert ATTACKS[name].outcomes.split() == list_outcomes(grade), grade
    assert ("uml", "ladder") == (grade.driver, grade.lab)


def test_incomplete_grades(graded: GradedAttacks) -> None:
    """A submission that kills its engine is tried again on another cluster, and then reported as incomplete."""
    unknown = {name for name, attack in ATTACKS.items() if attack.outcomes == ALL_ERRORS}
    assert unknown == {name for name, grade in graded.grades.items() if not grade.is_complete}
    assert {2} == {graded.grades[name].attempts for name in unknown}
    assert ExitCode.HOST == graded.status
    assert unknown == {name for name, row in parse_table(graded.printed).items() if "neither a pass nor a fail" in row}


def _last_run(graded: GradedAttacks, name: str) -> BlockRun:
    return graded.grades[name].runs[-1]


def test_time_limit(graded: GradedAttacks) -> None:
    """A block that never ends is stopped, and the blocks after it are reported as not run."""
    for name in ("endless-output", "sleeps"):
        ended, *after = [run for run in graded.grades[name].runs if run.complaint]
        assert re.match(r"it did not finish within [0-9.]+ s$", ended.complaint)
        assert {"not run: all blocks of a submission together may take 25 s"} == {run.complaint for run in after}


def test_output_limit(graded: GradedAttacks) -> None:
    """The beginning of endless output is kept and marked as truncated."""
    run = graded.grades["endless-output"].runs[-2]
    assert (True, 10_000) == (run.cut, len(run.output))


@pytest.mark.parametrize("name", SCOUTING_ATTACKS)
def test_no_secrets_are_found(graded: GradedAttacks, name: str) -> None:
    """A submission finds neither checks, nor files of the host, nor other submissions on its VM."""
    run = _last_run(graded, name)
    assert 0 == run.exit_status, run.output


def test_no_connections(graded: GradedAttacks) -> None:
    """No submission has reached a port of this host, not even by a redirect in an answer to the grader."""
    assert [] == graded.connections


@pytest.mark.parametrize("report", REPORTS)
def test_reports_are_harmless(graded: GradedAttacks, report: str) -> None:
    """No report contains control characters, workflow commands, or a hidden check's texts."""
    text = (graded.root / report).read_text("utf-8")
    # Markdown escapes the hyphen.
    assert "escape-sequences" in text.replace("\\-", "-") or report == "annotations"
    assert not {"\x1b", "\x07", "\x00"} & set(text)
    assert "confidential label" not in text
    # A browser does not interpret workflow commands.
    assert report == "html" or not [line for line in text.splitlines() if line.startswith("::error::")]


def test_terminal_output_is_harmless(graded: GradedAttacks, uml_labs: LabsRunner) -> None:
    """No control character of a submission reaches the terminal, and no text of a hidden check."""
    folder = graded.root / "class" / "escape-sequences"
    shown = uml_labs("grade", str(folder), *_TIME_LIMIT, "--checks", str(write_hidden_checks(graded.root)))
    assert "first has the labels " in shown.stdout
    assert not {"\x1b", "\x07"} & set(shown.stdout + graded.printed)
    assert "confidential label" not in shown.stdout + graded.printed


def test_no_leftovers(graded: GradedAttacks, uml_leftovers: UmlLeftovers) -> None:
    """No process and no file of a submission remains after its grading."""
    assert graded.grades
    assert [] == uml_leftovers.list_all()


def test_resume_after_a_kill(
    graded: GradedAttacks,
    uml_labs: LabsRunner,
    uml_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A batch that is killed with all its processes resumes, and gets the same grades and table."""
    state = tmp_path_factory.mktemp("killed")
    variables = {**uml_environment, "XDG_STATE_HOME": str(state)}
    folders = [str(graded.root / "class" / name) for name in INTERRUPTED_ATTACKS]
    arguments = [
        *folders,
        "--lab",
        "ladder",
        *_TIME_LIMIT,
        "--checks",
        str(write_hidden_checks(graded.root)),
        "--jobs",
        "2",
    ]
    leftovers = UmlLeftovers(state / "labs" / uml_environment["LABS_PROJECT"])
    with subprocess.Popen(
        [sys.executable, "-m", "runner", "grade", *arguments],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        first = next(line for line in process.stderr if line.startswith("✓"))
        # Wait for the next submission to start, so that it is interrupted.
        while process.poll() is None and not leftovers.list_processes():
            time.sleep(0.01)
        for pid in (process.pid, *cpu_affinity.list_child_processes(process.pid)):
            os.kill(pid, signal.SIGKILL)
        leftovers.kill_processes()
    report = state / "grades.json"
    result = uml_labs("grade", *arguments, "--report", f"json={report}", env=variables)
    assert ExitCode.INCOMPLETE == result.returncode, result.stderr
    assert {
        name: row for name, row in parse_table(graded.printed).items() if name in INTERRUPTED_ATTACKS
    } == parse_table(result.stdout)
    assert first.removeprefix("✓ Graded ").partition(":")[0] in parse_table(result.stdout)
    assert [] == leftovers.list_all()


def test_link_to_a_host_file(uml_labs: LabsRunner, tmp_path: Path) -> None:
    """A submission whose text is a link to a file of the host has no text."""
    folder = write_submissions(tmp_path / "class", {"link": ""}) / "link"
    (folder / "submission.md").unlink()
    (folder / "submission.md").symlink_to("/etc/hostname")
    result = uml_labs("grade", str(folder), "--lab", "ladder")
    assert 1 == result.returncode, result.stderr
    assert (
        "submission.md:1: symbolic link to a file outside the submission; replace it with the file itself"
        in result.stdout
    )
    assert "0 of 4 points" in result.stdout
