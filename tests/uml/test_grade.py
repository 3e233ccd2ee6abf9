"""Grading what is hostile, on machines: every grade is right, and nothing beyond the machine is harmed."""

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
from runner.grading.grade_model import Grade, BlockRun
from tests.conftest import LabsRunner
from tests.ladder_submissions import graded, hidden, outcomes, table, write
from tests.connection_recorder import record_connections
from tests.uml.hostile import ATTACKS, NOBODY_KNOWS, PORT
from tests.uml.leftovers import Left

LOOKERS = [name for name in ATTACKS if name.startswith("looks-for-")]
# Every one that shows many submissions.
REPORTS = ("html", "junit", "tap", "csv", "canvas", "moodle", "markdown", "annotations")
CUT_SHORT = ("forges-results", "waits-behind", "zealous")
_TIME_LIMIT = ("--time-limit", "25")


@dataclass(slots=True)
class Cohort:
    """What came of grading all of them.

    Attributes:
        root: Where the submissions, the hidden check and the reports lie.
        printed: What was printed.
        status: What the command ended with.
        grades: The grades by name.
        came: Who has come by on a port of this machine meanwhile.

    """

    root: Path
    printed: str = ""
    status: int = 0
    grades: dict[str, Grade] = field(default_factory=dict)
    came: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def cohort(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Grade all of them side by side, with a hidden check, on the driver that grading takes where none is asked for."""
    found = Cohort(tmp_path_factory.mktemp("hostile"))
    with record_connections("0.0.0.0") as (port, found.came):
        texts = {name: attack.text.replace(PORT, str(port)) for name, attack in ATTACKS.items()}
        folder = write(found.root / "class", texts)
        words = [word for name in REPORTS for word in ("--report", f"{name}={found.root / name}")]
        checks = ("--checks", str(hidden(found.root)))
        done, found.grades = graded(labs, folder, "--lab", "ladder", *_TIME_LIMIT, *checks, "--jobs", "2", *words)
    found.printed, found.status = done.stdout + done.stderr, done.returncode
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_grade_is_right(cohort: Cohort, name: str) -> None:
    """A submission gets the points for what it has reached, and nothing for what it has feigned."""
    one = cohort.grades[name]
    assert ATTACKS[name].outcomes.split() == outcomes(one), one
    assert ("uml", "ladder") == (one.driver, one.lab)


def test_what_could_not_run_is_no_grade(cohort: Cohort) -> None:
    """Who kills what is to be checked is tried again on another cluster, and then reported as not graded to the end."""
    unknown = {name for name, attack in ATTACKS.items() if attack.outcomes == NOBODY_KNOWS}
    assert unknown == {name for name, one in cohort.grades.items() if not one.is_complete}
    assert {2} == {cohort.grades[name].attempts for name in unknown}
    assert ExitCode.HOST == cohort.status
    assert unknown == {name for name, told in table(cohort.printed).items() if "neither a pass nor a fail" in told}


def _last(cohort: Cohort, name: str) -> BlockRun:
    return cohort.grades[name].runs[-1]


def test_time_is_over(cohort: Cohort) -> None:
    """A block that never ends is ended, and what comes after it is told as not typed."""
    for name in ("says-without-end", "sleeps"):
        ended, *after = [run for run in cohort.grades[name].runs if run.complaint]
        assert re.match(r"it did not end within [0-9.]+ s$", ended.complaint)
        assert {"not typed: the 25 s of a submission are over"} == {run.complaint for run in after}


def test_output_is_cut(cohort: Cohort) -> None:
    """Of endless output a beginning is kept, marked as cut."""
    run = cohort.grades["says-without-end"].runs[-2]
    assert (True, 10_000) == (run.cut, len(run.output))


@pytest.mark.parametrize("name", LOOKERS)
def test_nothing_is_found(cohort: Cohort, name: str) -> None:
    """Whoever looks for checks, the host or other submissions on a machine finds none of it."""
    run = _last(cohort, name)
    assert 0 == run.exit_status, run.output


def test_nobody_came(cohort: Cohort) -> None:
    """None of them has reached a port of this machine, not even by what the grader is told to ask."""
    assert [] == cohort.came


@pytest.mark.parametrize("report", REPORTS)
def test_reports_are_harmless(cohort: Cohort, report: str) -> None:
    """No report has anything in it that a terminal or a workflow would obey, or that is hidden."""
    text = (cohort.root / report).read_text("utf-8")
    assert "escapes" in text or report == "annotations"
    assert not {"\x1b", "\x07", "\x00"} & set(text)
    assert "nobody knows" not in text
    # A browser takes no line for a command.
    assert report == "html" or not [line for line in text.splitlines() if line.startswith("::error::")]


def test_terminal_is_spared(cohort: Cohort, labs: LabsRunner) -> None:
    """Nothing of what they have said reaches the terminal as it was said, nor what is hidden."""
    folder = cohort.root / "class" / "escapes"
    shown = labs("grade", str(folder), *_TIME_LIMIT, "--checks", str(hidden(cohort.root)))
    assert "first has the labels " in shown.stdout
    assert not {"\x1b", "\x07"} & set(shown.stdout + cohort.printed)
    assert "nobody knows" not in shown.stdout + cohort.printed


def test_nothing_is_left(cohort: Cohort, left: Left) -> None:
    """Nothing of a submission outlives its grading."""
    assert cohort.grades
    assert [] == left.everything()


def test_goes_on_after_a_power_cut(
    cohort: Cohort, labs: LabsRunner, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A cohort that is killed in the middle, with all that it has started, goes on to the same grades and table."""
    state = tmp_path_factory.mktemp("cut")
    own = {**environment, "XDG_STATE_HOME": str(state)}
    folders = [str(cohort.root / "class" / name) for name in CUT_SHORT]
    words = [*folders, "--lab", "ladder", *_TIME_LIMIT, "--checks", str(hidden(cohort.root)), "--jobs", "2"]
    left = Left(state / "labs" / environment["LABS_PROJECT"])
    with subprocess.Popen(
        [sys.executable, "-m", "runner", "grade", *words],
        env=own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        first = next(line for line in process.stderr if line.startswith("✓"))
        # Else nothing would be cut short.
        while process.poll() is None and not left.processes():
            time.sleep(0.01)
        for one in (process.pid, *cpu_affinity.list_child_processes(process.pid)):
            os.kill(one, signal.SIGKILL)
        left.clear()
    report = state / "grades.json"
    done = labs("grade", *words, "--report", f"json={report}", env=own)
    assert ExitCode.INCOMPLETE == done.returncode, done.stderr
    assert {name: told for name, told in table(cohort.printed).items() if name in CUT_SHORT} == table(done.stdout)
    assert first.split()[1].rstrip(":") in table(done.stdout)
    assert [] == left.everything()


def test_file_of_the_host_is_not_read(labs: LabsRunner, tmp_path: Path) -> None:
    """A submission whose text is a link to a file of ours has no text."""
    folder = write(tmp_path / "class", {"link": ""}) / "link"
    (folder / "submission.md").unlink()
    (folder / "submission.md").symlink_to("/etc/hostname")
    done = labs("grade", str(folder), "--lab", "ladder")
    assert 1 == done.returncode, done.stderr
    assert "submission.md:1: a link that leads out of the submission; put the file itself here" in done.stdout
    assert "0 of 4 points" in done.stdout
