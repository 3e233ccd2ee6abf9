"""Making a lab to begin with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner import paths
from runner.errors import UsageError
from runner.lessons import catalog, scaffold
from runner.lessons.lint import linter
from tests import helpers


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def test_make(tmp_path: Path) -> None:
    """A lab has a lesson, its checks, near misses and a solution, and lint finds nothing in it."""
    written = scaffold.create_lab("two-words")
    assert {
        "checks/test_two_words.py",
        "labs/two-words/lesson.md",
        "labs/two-words/setup.sh",
        "labs/two-words/solution/challenge.md",
        "labs/two-words/wrong/after-failures-only.md",
        "labs/two-words/wrong/created-only.md",
    } == {str(path.relative_to(tmp_path)) for path in written}
    assert "Two words" == catalog.load_lab("two-words").lesson.title
    assert () == linter.lint_labs(["two-words"])


def test_style() -> None:
    """Its checks are as tidy as ours, and name no lab but this one."""
    (checks,) = (path for path in scaffold.create_lab("two-words") if path.suffix == ".py")
    settings = helpers.CHECKOUT / "pyproject.toml"
    for words in (("check",), ("format", "--check")):
        done = subprocess.run([sys.executable, "-m", "ruff", *words, "--config", settings, checks], check=False)
        assert 0 == done.returncode
    assert "Checks of the lab 'two-words', in lesson order." in checks.read_text("utf-8")


def test_nothing_left_to_fill_in() -> None:
    """No word of the template's own language is left in any file."""
    assert [] == [path for path in scaffold.create_lab("two-words") if "@{" in path.read_text("utf-8")]


@pytest.mark.parametrize(
    "name", ["", "Two", "two_words", "two words", "-a", "a-", "a--b", "2a", "a" * 31, "../a", "a/b"]
)
def test_names(name: str, tmp_path: Path) -> None:
    """What cannot be the name of a folder, of a module and of a cluster names no lab."""
    with pytest.raises(UsageError, match="cannot name a lab"):
        scaffold.create_lab(name)
    assert [] == [*tmp_path.iterdir()]


@pytest.mark.parametrize("taken", ["labs/mine", "checks/test_mine.py"])
def test_taken(taken: str, tmp_path: Path) -> None:
    """What is there already stays as it is, and nothing is put beside it."""
    (tmp_path / taken).mkdir(parents=True)
    with pytest.raises(UsageError, match=f"There is {tmp_path / taken} already"):
        scaffold.create_lab("mine")
    assert [tmp_path / taken] == [*tmp_path.glob("*/*")]


def test_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among the labs that were installed with this program nothing is made."""
    monkeypatch.delenv("LABS_ROOT")
    monkeypatch.setattr(paths, "is_installed", lambda: True)
    with pytest.raises(UsageError, match="no place for one of yours") as caught:
        scaffold.create_lab("mine")
    assert "Say where it shall lie: 'labs --labs DIR new mine'." == caught.value.advice
