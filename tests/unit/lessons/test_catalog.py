"""Listing and loading labs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.lessons import catalog
from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture(autouse=True)
def _two_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, name="swarm-nets")
    helpers.write_lab(tmp_path, LESSON, name="compose")
    (tmp_path / "labs" / "draft").mkdir()


def test_names() -> None:
    """A lab is a folder with a lesson, and labs are listed in alphabetical order."""
    assert ["compose", "swarm-nets"] == catalog.list_lab_names()


def test_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without execute permission counts as a lab, so that it is not skipped silently."""
    # Root may enter every folder.
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path) != tmp_path / "labs" / "draft")
    assert ["compose", "draft", "swarm-nets"] == catalog.list_lab_names()


def test_load() -> None:
    """A lab is loaded by its name."""
    assert ("compose", "Tiny") == (catalog.load_lab("compose").name, catalog.load_lab("compose").lesson.title)


@pytest.mark.parametrize("name", ["swarm-net", "SWARM-nets", "../labs/compose"])
def test_unknown(name: str) -> None:
    """An unknown name is rejected, and is not followed as a path."""
    with pytest.raises(UsageError, match=f"There is no lab '{name}'"):
        catalog.load_lab(name)


def test_no_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `LABS_ROOT` without a labs folder has no labs."""
    monkeypatch.setenv("LABS_ROOT", str(tmp_path / "nowhere"))
    assert [] == catalog.list_lab_names()
