"""The plugin under plain pytest, as authors run it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n"
CHECKS = """
from checks import fail, step
from runner.errors import HostError

@step("find")
def test_found():
    '''It is found.'''

@step("look")
def test_looked():
    '''It is looked at.'''
    raise HostError("node1 is down.", "Start it.")

def test_plain():
    assert True
"""


def _run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    plugins = ("-p", "checks.pytest_plugin", "-p", "no:cacheprovider")
    return helpers.run_python(folder, "-m", "pytest", *plugins, *options)


def test_plain_pytest(tmp_path: Path) -> None:
    """Plain pytest runs checks in lesson order, beside ordinary tests, and marks those that could not check."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    result = _run_pytest(tmp_path, "-rA", "checks")
    assert "COULD NOT CHECK checks/test_tiny.py::test_looked - runner.errors.HostError: node1 is down." in result.stdout
    assert "1 passed, 1 skipped, 1 error in" in result.stdout
    assert "first finish 'Look'" in result.stdout
    assert 1 == result.returncode


def test_syntax_error(tmp_path: Path) -> None:
    """A syntax error in a file of checks is reported like in any other test file."""
    helpers.write_lab(tmp_path, LESSON, checks="def test_found(:\n")
    result = _run_pytest(tmp_path, "checks")
    assert (2, "") == (result.returncode, result.stderr)
    assert "SyntaxError" in result.stdout


def test_two_labs(tmp_path: Path) -> None:
    """The checks of each lab are in the order of their own lesson, and an unfinished lab does not affect another."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    helpers.write_lab(
        tmp_path, LESSON, name="other", checks=CHECKS.replace('raise HostError("node1 is down.", "Start it.")', "")
    )
    result = _run_pytest(tmp_path, "-rA", "checks")
    passed = [line.partition("test_other.py::")[2] for line in result.stdout.splitlines() if line.startswith("PASSED")]
    assert ["test_plain", "test_looked", "test_found"] == [name for name in passed if name]
    assert "4 passed, 1 skipped, 1 error in" in result.stdout


def test_marker_of_another_project(tmp_path: Path) -> None:
    """A test of another project with a marker of the same name is not a check."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    (tmp_path / "test_theirs.py").write_text("import pytest\n@pytest.mark.step('elsewhere')\ndef test_it(): pass\n")
    result = _run_pytest(tmp_path, "test_theirs.py")
    assert "1 passed in" in result.stdout


def test_no_cluster(tmp_path: Path) -> None:
    """Without an engine, a check that uses the nodes ends with an error, not with a failure."""
    uses_nodes = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It works.'''\n"
    helpers.write_lab(tmp_path, LESSON, checks=uses_nodes)
    result = _run_pytest(tmp_path, "checks")
    assert "1 error in" in result.stdout
    assert "No Docker Engine answers at unix:///nonexistent.sock." in result.stdout


def test_marker(tmp_path: Path) -> None:
    """The marker is registered, so pytest accepts it in strict mode."""
    result = _run_pytest(tmp_path, "--markers")
    assert "@pytest.mark.step(id): the lesson's step that a check belongs to" in result.stdout
