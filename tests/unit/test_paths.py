"""The folders that labs uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner import paths
from runner.errors import UsageError
from tests.support import helpers


def test_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout, the labs and checks are those of the checkout."""
    monkeypatch.delenv("LABS_ROOT", raising=False)
    assert (helpers.CHECKOUT / "labs", helpers.CHECKOUT / "checks") == (paths.labs_folder(), paths.checks_folder())


def test_other_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`LABS_ROOT` selects another tree with labs and checks."""
    monkeypatch.setenv("LABS_ROOT", str(tmp_path))
    assert (tmp_path / "labs", tmp_path / "checks") == (paths.labs_folder(), paths.checks_folder())


def test_checks_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab's checks are in a module with the lab's name."""
    monkeypatch.setenv("LABS_ROOT", str(tmp_path))
    assert tmp_path / "checks" / "test_two_words.py" == paths.checks_file("two-words")


@pytest.mark.parametrize(("root", "built_in"), [("", True), (str(helpers.CHECKOUT), True), ("/nowhere", False)])
def test_built_in(root: str, built_in: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The labs that come with this package are recognized by their folder."""
    monkeypatch.setenv("LABS_ROOT", root)
    assert built_in == paths.uses_built_in_labs()


@pytest.mark.parametrize("name", ["labs", "class-b", "a", "a" * 31])
def test_project(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each project has its own state and sockets, and all share one cache."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("LABS_PROJECT", name)
    assert (name, name, name) == (paths.project_name(), paths.state_folder().name, paths.sockets_folder().name)
    assert "labs" == paths.cache_folder().name


@pytest.mark.parametrize("name", ["", "Class", "a b", "-a", "a" * 32, "a\n", "../a"])
def test_invalid_project(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project name that could not be part of other names is refused."""
    monkeypatch.setenv("LABS_PROJECT", name)
    with pytest.raises(UsageError, match="LABS_PROJECT is") as caught:
        paths.project_name()
    assert "Use a lowercase letter, then up to 30 lowercase letters, digits and dashes." == caught.value.advice


def test_no_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without XDG_RUNTIME_DIR, the sockets are in the state folder."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert paths.sockets_folder().is_relative_to(paths.state_folder())


def test_encoding_of_subprocesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subprocess writes UTF-8 to its pipes, whatever the encoding of the user's terminal is."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    argv = [sys.executable, "-c", r"print('\u2713')"]
    process = subprocess.run(argv, env=paths.subprocess_environment(), capture_output=True, check=True)
    assert "✓\n".encode() == process.stdout


@pytest.mark.parametrize("python_path", [None, "/elsewhere"])
def test_subprocess_environment(python_path: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subprocess imports the same package from any folder, and the user's PYTHONPATH comes after it."""
    if python_path is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", python_path)
    code = "import sys, runner; print(runner.__file__, sys.path[1])"
    environment = paths.subprocess_environment()
    process = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    package, second = process.stdout.split()
    assert str(helpers.CHECKOUT / "runner" / "__init__.py") == package
    assert (python_path is not None) == (second == python_path)
    changed = {"PYTHONPATH", "PYTHONUTF8", "PYTHONIOENCODING"}
    assert changed >= {name for name, value in environment.items() if os.environ.get(name) != value}
