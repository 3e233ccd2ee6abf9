"""Caching parsed lessons."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.errors import BrokenLabError
from runner.lessons import parse, parse_cache
from runner.lessons.learner_values import Learner
from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a lab that is in the cache."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, name="nets")
    parse_cache.load_or_parse_lab(tmp_path / "labs" / "nets")
    return tmp_path / "labs" / "nets"


def forbid_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the test fail if the lesson is parsed."""

    def fail(_folder: Path, _learner: Learner) -> None:
        pytest.fail("The lesson was parsed again.")

    monkeypatch.setattr(parse, "parse_lab", fail)


def test_unchanged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unchanged lesson comes from the cache, and is the same."""
    expected = parse.parse_lab(folder)
    forbid_parsing(monkeypatch)
    assert expected == parse_cache.load_or_parse_lab(folder)


def test_changed(folder: Path) -> None:
    """A changed lesson is parsed again."""
    (folder / "lesson.md").write_text(LESSON.replace("#look", "#gaze"), "utf-8")
    assert ["gaze"] == [step.id for step in parse_cache.load_or_parse_lab(folder).lesson.steps]


def test_setup_gone(folder: Path) -> None:
    """A missing setup script is reported although the lesson is unchanged."""
    (folder / "setup.sh").unlink()
    with pytest.raises(BrokenLabError, match=r"setup\.sh:1: the file is missing"):
        parse_cache.load_or_parse_lab(folder)


@pytest.mark.parametrize("rest", [b"", b"garbage", b"crunner.lessons.model\nGone\n."])
def test_damaged_entry(folder: Path, rest: bytes) -> None:
    """A damaged cache entry is ignored."""
    (entry,) = (paths.cache_folder() / "lessons").iterdir()
    entry.write_bytes(entry.read_bytes()[:32] + rest)
    assert parse.parse_lab(folder) == parse_cache.load_or_parse_lab(folder)


def test_unwritable_cache(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If the cache cannot be written, the lesson is still loaded."""
    blocked = tmp_path / "a-file"
    blocked.touch()
    monkeypatch.setattr(paths, "cache_folder", lambda: blocked)
    assert parse.parse_lab(folder) == parse_cache.load_or_parse_lab(folder)
