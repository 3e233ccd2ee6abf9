"""What `labs verify` prints about several labs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.lab_selection import LabSelection
from runner.checking.parallel_verify import LabOnDriver, ParallelLimits
from runner.checking.verify import Assertion
from runner.checking.verify_report import LabVerification
from runner.cli import _verify_output
from runner.errors import ExitCode
from tests.support import helpers

_LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
_HOLDS, _FAILS = Assertion("look", "it holds"), Assertion("look", "it fails", "no")
_TABLE = """\
LAB     DRIVER   TESTS   FAILED   SECONDS
bad     docker   2       1        7         failed
crash   uml      1       0        3         failed
good    uml      1       0        12        proven
host    docker   0       0        2         not proven
late    docker   0       0        0         not proven
none    -        0       0        0         not proven
Proven: good.
Failed: bad, crash.
Not proven: host, late, none.
  host: did not finish; its output is above
  late: not started, because the time was over
  none: No driver can run it.
"""


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The table shows each lab with its verdict and the reason, and the last lines name the labs of each verdict."""
    _verify_output.print_table(
        [
            LabVerification("none", "", 0, (), "No driver can run it.", ExitCode.HOST),
            LabVerification("late", "docker", 0, (), "not started, because the time was over", None),
            LabVerification("host", "docker", 2, (), "A node did not start.", ExitCode.HOST),
            LabVerification("good", "uml", 12.4, (_HOLDS,)),
            LabVerification("crash", "uml", 3, (_HOLDS,), "A traceback.", ExitCode.BUG),
            LabVerification("bad", "docker", 7, (_HOLDS, _FAILS), "", ExitCode.BROKEN_LAB),
        ]
    )
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line.split() for line in _TABLE.splitlines()] == lines


def test_nothing_to_verify(capsys: pytest.CaptureFixture[str]) -> None:
    """Without labs nothing is printed."""
    _verify_output.print_table([])
    assert "" == capsys.readouterr().out


def test_selection(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each lab is shown with the reason why it was chosen, and each driver that cannot run its fixed lab."""
    lab = helpers.make_lab(tmp_path, _LESSON)
    chosen = LabSelection([lab], {"tiny": "labs/tiny/[x].md changed"}, refusals=["The driver uml cannot run 'wide'."])
    _verify_output.print_selection(chosen, 5, "HEAD~1")
    assert [
        "Verifying 1 of 5 labs for the changes since HEAD~1:",
        "  tiny: labs/tiny/[x].md changed",
        "The driver uml cannot run 'wide'.",
    ] == capsys.readouterr().err.splitlines()


def test_lab_that_is_not_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that is not started is reported at once, with the reason, and passed to the caller."""
    lab = helpers.make_lab(tmp_path, _LESSON)
    results: list[LabVerification] = []
    verifications = _verify_output.run_jobs(
        [LabOnDriver(lab, "docker")], ParallelLimits(1), lambda _job: "not started, because of a test", results.append
    )
    assert verifications == results
    assert "- tiny on docker: not started, because of a test\n" == capsys.readouterr().err
