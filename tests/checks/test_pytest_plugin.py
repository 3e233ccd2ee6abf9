"""The plugin under plain pytest, as an author runs it."""

from __future__ import annotations

from pathlib import Path

from tests import helpers

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


def test_plain_pytest(tmp_path: Path) -> None:
    """Plain pytest runs checks in lesson order, beside ordinary tests, and tells apart what could not be checked."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    done = helpers.run_python(
        tmp_path, "-m", "pytest", "-p", "checks.pytest_plugin", "-p", "no:cacheprovider", "-rA", "checks"
    )
    assert "COULD NOT CHECK checks/test_tiny.py::test_looked - runner.errors.HostError: node1 is down." in done.stdout
    assert "1 passed, 1 skipped, 1 error in" in done.stdout
    assert "first finish 'Look'" in done.stdout
    assert 1 == done.returncode


def test_no_python(tmp_path: Path) -> None:
    """A file of checks that is no Python is told of as pytest tells of any such file."""
    helpers.write_lab(tmp_path, LESSON, checks="def test_found(:\n")
    done = helpers.run_python(tmp_path, "-m", "pytest", "-p", "checks.pytest_plugin", "-p", "no:cacheprovider", "checks")
    assert (2, "") == (done.returncode, done.stderr)
    assert "SyntaxError" in done.stdout


def test_two_labs(tmp_path: Path) -> None:
    """Each lab's checks keep the order of their own lesson, and what one lab lacks says nothing of another."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    helpers.write_lab(
        tmp_path, LESSON, name="other", checks=CHECKS.replace('raise HostError("node1 is down.", "Start it.")', "")
    )
    done = helpers.run_python(
        tmp_path, "-m", "pytest", "-p", "checks.pytest_plugin", "-p", "no:cacheprovider", "-rA", "checks"
    )
    passed = [line.partition("test_other.py::")[2] for line in done.stdout.splitlines() if line.startswith("PASSED")]
    assert ["test_plain", "test_looked", "test_found"] == [name for name in passed if name]
    assert "4 passed, 1 skipped, 1 error in" in done.stdout


def test_marker_of_others(tmp_path: Path) -> None:
    """A test of another project that happens to have the same marker is no check."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    (tmp_path / "test_theirs.py").write_text("import pytest\n@pytest.mark.step('elsewhere')\ndef test_it(): pass\n")
    done = helpers.run_python(
        tmp_path, "-m", "pytest", "-p", "checks.pytest_plugin", "-p", "no:cacheprovider", "test_theirs.py"
    )
    assert "1 passed in" in done.stdout


def test_no_cluster(tmp_path: Path) -> None:
    """Without an engine, a check that asks for the nodes could not be checked, and has not failed."""
    uses_nodes = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It is so.'''\n"
    helpers.write_lab(tmp_path, LESSON, checks=uses_nodes)
    done = helpers.run_python(tmp_path, "-m", "pytest", "-p", "checks.pytest_plugin", "-p", "no:cacheprovider", "checks")
    assert "1 error in" in done.stdout
    assert "No Docker Engine answers at unix:///nonexistent.sock." in done.stdout


def test_marker(tmp_path: Path) -> None:
    """The marker is declared, so that strict pytest knows it."""
    done = helpers.run_python(tmp_path, "-m", "pytest", "-p", "checks.pytest_plugin", "--markers")
    assert "@pytest.mark.step(id): the lesson's step that a check belongs to" in done.stdout
