"""Keeping progress in files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner import paths
from runner.lessons.learner_values import NOBODY, Learner
from runner.progress import store
from runner.progress.model import Progress, Reached
from tests import helpers

ADA = Learner("ada", "autumn")
WHOLE = """{
  "version": 1,
  "lab": "tiny",
  "used": "2026-11-21T12:00:00+00:00",
  "steps": {"look": {"passed": "2026-11-21T11:00:00+00:00", "spoiled": null, "hints": ["0123456789ab"]}},
  "here": {"look": "passed"},
  "learner": {"id": "ada", "seed": "autumn"}
}
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.own_folders(monkeypatch, tmp_path)


def file() -> Path:
    """Return where the progress of the lab `tiny` is kept."""
    return paths.state_folder() / "progress" / "tiny.json"


def written(text: str) -> Path:
    """Write that file."""
    file().parent.mkdir(parents=True)
    file().write_text(text, "utf-8")
    return file()


def test_nothing() -> None:
    """A lab that was never worked on has an empty progress, and looking at it leaves no file."""
    assert Progress("tiny") == store.load("tiny")
    assert not file().parent.exists()


def test_passed() -> None:
    """What passes is there again when it is loaded, with the time, and told as new the first time alone."""
    before = datetime.now(UTC).replace(microsecond=0)
    assert ("look", "find") == store.passed("tiny", ["look", "find"]).new
    assert () == store.passed("tiny", ["look"]).new
    progress = store.load("tiny")
    assert {"look": Reached.PASSED, "find": Reached.PASSED} == progress.here
    passed = progress.of("look").passed
    assert passed is not None
    assert before <= passed <= datetime.now(UTC)


def test_everything_kept() -> None:
    """Hints, solutions, played steps and the last use outlive the process too."""
    store.hint_shown("tiny", "look", "0123456789ab")
    store.solution_shown("tiny", "look")
    last = store.played("tiny", ["find"])
    assert last == store.load("tiny")
    assert {"0123456789ab"} == last.of("look").hints
    assert {"find": Reached.PLAYED} == last.here
    assert last.of("look").spoiled is not None
    assert last.used is not None


def test_labs_apart() -> None:
    """Each lab has its own progress."""
    store.passed("tiny", ["look"])
    assert Progress("other") == store.load("other")


def test_afresh() -> None:
    """On a fresh cluster nothing is done, and what was passed stays passed."""
    store.passed("tiny", ["look"])
    progress = store.begun_afresh("tiny")
    assert {} == progress.here
    assert progress.of("look").passed is not None
    assert ("look",) == store.passed("tiny", ["look"]).new


def test_format() -> None:
    """The file is JSON with a version, and one written by this version is read to the letter."""
    written(WHOLE)
    progress = store.load("tiny")
    assert datetime(2026, 11, 21, 11, tzinfo=UTC) == progress.of("look").passed
    store.used("tiny")
    again = json.loads(file().read_text("utf-8"))
    assert {**json.loads(WHOLE), "used": again["used"]} == again


def test_nothing_new_is_not_written() -> None:
    """Whoever passes the same step again and again within a minute does not wear the disk."""
    store.passed("tiny", ["look"])
    before = file().stat().st_ino
    store.passed("tiny", ["look"])
    assert before == file().stat().st_ino


def test_used() -> None:
    """The last use is brought up to date once it is more than a minute old."""
    written(WHOLE)
    used = store.used("tiny").used
    assert used is not None
    assert datetime.now(UTC) - used < timedelta(seconds=10)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        WHOLE[:60],
        WHOLE.replace('"version": 1', '"version": 2'),
        WHOLE.replace('"version": 1,', ""),
        WHOLE.replace("2026-11-21T11", "yesterday"),
        WHOLE.replace('"2026-11-21T11:00:00+00:00"', "7"),
        WHOLE.replace('["0123456789ab"]', "null"),
        WHOLE.replace('{"look": "passed"}', '{"look": "done"}'),
        WHOLE.replace('{"look": "passed"}', "[]"),
        WHOLE.replace('{"id": "ada", "seed": "autumn"}', "7"),
        WHOLE.replace('"seed": "autumn"', '"sed": "autumn"'),
    ],
)
def test_damaged(damage: str) -> None:
    """A file that cannot be read as progress is set aside whole, and a new one is begun."""
    written(damage)
    progress = store.load("tiny")
    assert progress.lost is not None
    assert damage == progress.lost.read_text("utf-8")
    assert ({}, {}) == (progress.steps, progress.here)
    assert None is store.passed("tiny", ["look"]).progress.lost
    assert None is store.load("tiny").lost


def test_not_text() -> None:
    """Neither do bytes that are no text end in a traceback."""
    written("").write_bytes(b"\xff\xfe\x00")
    assert store.load("tiny").lost is not None


def test_damaged_while_noting() -> None:
    """What is noted while the file turns out to be damaged is kept, and the loss is told."""
    written("{")
    noted = store.passed("tiny", ["look"])
    assert noted.progress.lost is not None
    assert {"look": Reached.PASSED} == store.load("tiny").here


def test_two_damaged_at_once() -> None:
    """A second damaged file does not overwrite the first one that was set aside."""
    written("{1")
    first = store.load("tiny").lost
    file().write_text("{2", "utf-8")
    second = store.load("tiny").lost
    assert first is not None
    assert second is not None
    assert ["{1", "{2"] == [first.read_text("utf-8"), second.read_text("utf-8")]


def test_interrupted_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, the old file stays as it was and no half one lies beside it."""
    written(WHOLE)

    def fails(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        store.passed("tiny", ["find"])
    assert WHOLE == file().read_text("utf-8")
    assert {"tiny.json", "lock"} == {path.name for path in file().parent.iterdir()}


def test_at_the_same_time(tmp_path: Path) -> None:
    """Two processes that note steps at the same time lose none of them."""
    script = "import sys\nfrom runner.progress import store\n"
    script += "for at in range(20): store.passed('tiny', [f'{sys.argv[1]}{at}'])\n"
    argv = [sys.executable, "-c", script]
    environment = helpers.environment(tmp_path)
    both = [subprocess.Popen([*argv, name], env=environment, cwd=tmp_path) for name in ("a", "b")]
    assert [0, 0] == [process.wait(60) for process in both]
    assert 40 == len(store.load("tiny").here)


def test_learner() -> None:
    """Whose values a lab has is kept until another is named; what was found done must then be found done again."""
    store.passed("tiny", ["look"])
    store.played("tiny", ["find"])
    progress = store.is_for("tiny", ADA)
    assert progress == store.load("tiny")
    assert (ADA, {"find": Reached.PLAYED}) == (progress.learner, progress.here)
    assert progress.of("look").passed is not None
    store.passed("tiny", ["look"])
    assert {"look": Reached.PASSED, "find": Reached.PLAYED} == store.is_for("tiny", ADA).here
    assert ADA == store.begun_afresh("tiny").learner


def test_record_without_learner() -> None:
    """A record from before there were values is nobody's, and is read like any other."""
    written(WHOLE.replace(',\n  "learner": {"id": "ada", "seed": "autumn"}', ""))
    progress = store.load("tiny")
    assert (NOBODY, None, {"look": Reached.PASSED}) == (progress.learner, progress.lost, progress.here)


def test_lab(tmp_path: Path) -> None:
    """A lab is read with the values of the learner it was last started for."""
    front = helpers.FRONT.replace("images: []\n", "images: []\nvalues: {PORT: {from: 8000, to: 8999}}\n")
    helpers.write_lab(tmp_path, f"{front}## Look {{#look}}\n")
    assert {"PORT": "8000"} == store.lab("tiny").values
    store.is_for("tiny", ADA)
    assert ({"PORT": "8561"}, ADA) == (store.lab("tiny").values, store.lab("tiny").learner)
