"""Finding labs by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.lessons import catalog
from tests import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture(autouse=True)
def _two_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, name="swarm-nets")
    helpers.write_lab(tmp_path, LESSON, name="compose")
    (tmp_path / "labs" / "draft").mkdir()


def test_names() -> None:
    """A lab is a folder with a lesson, and labs are named in the order of the alphabet."""
    assert ["compose", "swarm-nets"] == catalog.list_lab_names()


def test_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that may not be entered counts as a lab, lest it be passed over without a word."""
    # Root may enter every folder.
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path) != tmp_path / "labs" / "draft")
    assert ["compose", "draft", "swarm-nets"] == catalog.list_lab_names()


def test_load() -> None:
    """A lab is found by its name."""
    assert ("compose", "Tiny") == (catalog.load_lab("compose").name, catalog.load_lab("compose").lesson.title)


@pytest.mark.parametrize("name", ["swarm-net", "SWARM-nets", "../labs/compose"])
def test_unknown(name: str) -> None:
    """A name that is none is refused, and no path is followed."""
    with pytest.raises(UsageError, match=f"There is no lab '{name}'"):
        catalog.load_lab(name)


def test_no_labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `LABS_ROOT` without labs has none."""
    monkeypatch.setenv("LABS_ROOT", str(tmp_path / "nowhere"))
    assert [] == catalog.list_lab_names()
