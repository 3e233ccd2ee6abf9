"""Creating a lab from the template."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner import paths
from runner.errors import UsageError
from runner.lessons import catalog, scaffold
from runner.lessons.lint import linter
from tests.support import helpers


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def test_create(tmp_path: Path) -> None:
    """A new lab has a lesson, checks, near misses and a solution, and lint finds no problems."""
    files = scaffold.create_lab("two-words")
    assert {
        "checks/test_two_words.py",
        "labs/two-words/lesson.md",
        "labs/two-words/setup.sh",
        "labs/two-words/solution/challenge.md",
        "labs/two-words/wrong/after-failures-only.md",
        "labs/two-words/wrong/created-only.md",
    } == {str(path.relative_to(tmp_path)) for path in files}
    assert "Two words" == catalog.load_lab("two-words").lesson.title
    assert () == linter.lint_labs(["two-words"])


def test_style() -> None:
    """The checks of a new lab pass ruff and name the lab."""
    (checks,) = (path for path in scaffold.create_lab("two-words") if path.suffix == ".py")
    settings = helpers.CHECKOUT / "pyproject.toml"
    for arguments in (("check",), ("format", "--check")):
        result = subprocess.run([sys.executable, "-m", "ruff", *arguments, "--config", settings, checks], check=False)
        assert 0 == result.returncode
    assert "Checks of the lab 'two-words', in lesson order." in checks.read_text("utf-8")


def test_no_template_expressions() -> None:
    """No template expression is left in any file."""
    assert [] == [path for path in scaffold.create_lab("two-words") if "@{" in path.read_text("utf-8")]


@pytest.mark.parametrize(
    "name", ["", "Two", "two_words", "two words", "-a", "a-", "a--b", "2a", "a" * 31, "../a", "a/b"]
)
def test_names(name: str, tmp_path: Path) -> None:
    """A name that is invalid for a folder, a module or a cluster is rejected."""
    with pytest.raises(UsageError, match="is not a valid name for a lab"):
        scaffold.create_lab(name)
    assert [] == [*tmp_path.iterdir()]


@pytest.mark.parametrize("existing", ["labs/mine", "checks/test_mine.py"])
def test_existing_lab(existing: str, tmp_path: Path) -> None:
    """An existing lab is not changed, and no other file is written."""
    (tmp_path / existing).mkdir(parents=True)
    with pytest.raises(UsageError, match=f"{tmp_path / existing} already exists"):
        scaffold.create_lab("mine")
    assert [tmp_path / existing] == [*tmp_path.glob("*/*")]


def test_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab is not created among the installed labs."""
    monkeypatch.delenv("LABS_ROOT")
    monkeypatch.setattr(paths, "is_installed_from_wheel", lambda: True)
    with pytest.raises(UsageError, match="among the labs that are installed") as caught:
        scaffold.create_lab("mine")
    assert "Name a folder for your own labs: 'labs --labs DIR new mine'." == caught.value.advice
