"""Where things lie."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner import paths
from runner.errors import UsageError
from tests import helpers


def test_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout, labs and checks are its own."""
    monkeypatch.delenv("LABS_ROOT", raising=False)
    assert (helpers.CHECKOUT / "labs", helpers.CHECKOUT / "checks") == (paths.labs_folder(), paths.checks_folder())


def test_other_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`LABS_ROOT` names another tree with labs and checks."""
    monkeypatch.setenv("LABS_ROOT", str(tmp_path))
    assert (tmp_path / "labs", tmp_path / "checks") == (paths.labs_folder(), paths.checks_folder())


def test_checks_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab's checks lie in a module of its name."""
    monkeypatch.setenv("LABS_ROOT", str(tmp_path))
    assert tmp_path / "checks" / "test_two_words.py" == paths.checks_file("two-words")


@pytest.mark.parametrize(("root", "ours"), [("", True), (str(helpers.CHECKOUT), True), ("/nowhere", False)])
def test_built_in(root: str, ours: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The labs that come with this program are known by where they lie."""
    monkeypatch.setenv("LABS_ROOT", root)
    assert ours == paths.uses_built_in_labs()


@pytest.mark.parametrize("name", ["labs", "class-b", "a", "a" * 31])
def test_project(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each project has logs, locks and sockets of its own, and all share what can be found out again."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("LABS_PROJECT", name)
    assert (name, name, name) == (paths.project_name(), paths.state_folder().name, paths.sockets_folder().name)
    assert "labs" == paths.cache_folder().name


@pytest.mark.parametrize("name", ["", "Class", "a b", "-a", "a" * 32, "a\n", "../a"])
def test_unfit_project(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that could not be part of a name is refused."""
    monkeypatch.setenv("LABS_PROJECT", name)
    with pytest.raises(UsageError, match="LABS_PROJECT is") as caught:
        paths.project_name()
    assert "Use small letters, digits and dashes." == caught.value.advice


def test_sockets_without_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no folder for sockets, they lie with what else is this user's alone."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert paths.sockets_folder().is_relative_to(paths.state_folder())


@pytest.mark.parametrize("given", [None, "/elsewhere"])
def test_environment(given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python of ours finds this very package wherever it is started, and what the user has in its path after it."""
    if given is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", given)
    asked = "import sys, runner; print(runner.__file__, sys.path[1])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", asked], env=paths.subprocess_environment(), cwd=tmp_path, capture_output=True, text=True
    )
    found, second = done.stdout.split()
    assert (str(helpers.CHECKOUT / "runner" / "__init__.py"), given is not None) == (found, second == given)
    assert {"PYTHONPATH"} >= {name for name, value in paths.subprocess_environment().items() if os.environ.get(name) != value}
