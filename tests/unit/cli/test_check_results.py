"""How `labs check` prints results: one after another, below the titles of their steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking import run_checks
from runner.checking.check_request import CheckRequest
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.cli import _check_results
from runner.lessons.model import Lab
from tests.support import helpers, local_nodes

_CHECKS = """
from checks import step

@step("look")
def test_seen(nodes):
    '''It is seen.'''
    print("noise")

@step("find")
def test_found(nodes):
    '''It is found.'''
    raise AssertionError("nothing is there")

@step("keep")
def test_kept(nodes):
    '''It is kept.'''
"""
_SHOWN = """\
Look
  ✓ It is seen
Find
  ✗ It is found
      seen      nothing is there
      expected  it is true
Keep  (first finish 'Find')
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Return a lab with three steps that have one check each."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    lesson = f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n## Keep {{#keep}}\n"
    return helpers.make_lab(tmp_path, lesson, checks=_CHECKS)


def test_results_of_a_report(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report is printed by step, with one line for a step whose checks were all skipped."""
    report = run_checks.run_checks(CheckRequest(lab, local_nodes.make_local_cluster(tmp_path)))
    _check_results.print_results(report, lab.lesson)
    assert _SHOWN == capsys.readouterr().out


def test_live_results(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The results that are printed as they come look like those of a report."""
    display = _check_results.LiveCheckDisplay(lab.lesson)
    with display.show():
        run_checks.run_checks(CheckRequest(lab, local_nodes.make_local_cluster(tmp_path), observer=display))
    assert _SHOWN == capsys.readouterr().out


def test_live_result_is_printed_at_once(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """A result is printed while later checks still run."""
    display = _check_results.LiveCheckDisplay(lab.lesson)
    with display.show():
        display.on_check_started("look", "It is seen")
        display.on_check_finished(CheckResult("test_seen", "look", "It is seen", Outcome.PASSED))
        display.on_check_started("find", "It is found")
        assert "Look\n  ✓ It is seen\n" == capsys.readouterr().out


def test_skipped_check_of_a_step_that_ran(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """A skipped check whose step has another result is printed with it, in the order in which they came."""
    results = (
        CheckResult("test_1", "look", "It is seen", Outcome.SKIPPED, "not today"),
        CheckResult("test_2", "look", "It is found", Outcome.PASSED),
    )
    _check_results.print_results(CheckReport("tiny", results), lab.lesson)
    assert "Look\n  · It is seen\n  ✓ It is found\n" == capsys.readouterr().out
