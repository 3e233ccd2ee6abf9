"""Progress files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner import paths
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.progress import store
from runner.progress.model import Progress, StepCompletion
from tests.support import helpers

ADA = Learner("ada", "autumn")
VERSION_2 = """{
  "version": 2,
  "lab": "tiny",
  "steps": {"look": {"passed_at": "2026-11-21T11:00:00Z", "spoiled_at": null, "shown_hints": ["0123456789ab"]}},
  "completed_on_cluster": {"look": "passed"},
  "last_used": "2026-11-21T12:00:00Z",
  "learner": {"id": "ada", "seed": "autumn"}
}
"""
# A file that an earlier version of labs wrote.
VERSION_1 = """{
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
    helpers.isolate_environment(monkeypatch, tmp_path)


def file() -> Path:
    """Return the progress file of the lab `tiny`."""
    return paths.state_folder() / "progress" / "tiny.json"


def write_file(text: str) -> Path:
    """Write the progress file."""
    file().parent.mkdir(parents=True)
    file().write_text(text, "utf-8")
    return file()


def test_empty_progress() -> None:
    """A lab that was never used has empty progress, and loading it creates no file."""
    assert Progress("tiny") == store.load_progress("tiny")
    assert not file().parent.exists()


def test_passed() -> None:
    """Passed steps are stored with their time, and reported as newly completed only once."""
    before = datetime.now(UTC).replace(microsecond=0)
    assert ("look", "find") == store.record_steps_passed("tiny", ["look", "find"]).newly_completed
    assert () == store.record_steps_passed("tiny", ["look"]).newly_completed
    progress = store.load_progress("tiny")
    assert {"look": StepCompletion.PASSED, "find": StepCompletion.PASSED} == progress.completed_on_cluster
    passed = progress.find_step_record("look").passed_at
    assert passed is not None
    assert before <= passed <= datetime.now(UTC)


def test_everything_is_stored() -> None:
    """Hints, solutions, replayed steps and the last use are stored as well."""
    store.record_hint_shown("tiny", "look", "0123456789ab")
    store.record_solution_shown("tiny", "look")
    last = store.record_steps_played("tiny", ["find"])
    assert last == store.load_progress("tiny")
    assert {"0123456789ab"} == last.find_step_record("look").shown_hints
    assert {"find": StepCompletion.PLAYED} == last.completed_on_cluster
    assert last.find_step_record("look").spoiled_at is not None
    assert last.last_used is not None


def test_labs_are_separate() -> None:
    """Each lab has its own progress."""
    store.record_steps_passed("tiny", ["look"])
    assert Progress("other") == store.load_progress("other")


def test_fresh_cluster() -> None:
    """On a fresh cluster no step is completed, but passed steps stay passed."""
    store.record_steps_passed("tiny", ["look"])
    progress = store.record_fresh_cluster("tiny")
    assert {} == progress.completed_on_cluster
    assert progress.find_step_record("look").passed_at is not None
    assert ("look",) == store.record_steps_passed("tiny", ["look"]).newly_completed


def test_format() -> None:
    """A file in the current format is loaded, and a change of it keeps all other content."""
    write_file(VERSION_2)
    progress = store.load_progress("tiny")
    assert datetime(2026, 11, 21, 11, tzinfo=UTC) == progress.find_step_record("look").passed_at
    store.record_lab_used("tiny")
    again = json.loads(file().read_text("utf-8"))
    assert {**json.loads(VERSION_2), "last_used": again["last_used"]} == again


def test_unchanged_progress_is_not_written() -> None:
    """Recording the same pass again within a minute does not write the file."""
    store.record_steps_passed("tiny", ["look"])
    before = file().stat().st_ino
    store.record_steps_passed("tiny", ["look"])
    assert before == file().stat().st_ino


def test_last_use() -> None:
    """The time of last use is updated once it is more than a minute old."""
    write_file(VERSION_2)
    used = store.record_lab_used("tiny").last_used
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
        VERSION_2[:60],
        VERSION_1,
        VERSION_2.replace('"version": 2', '"version": 3'),
        VERSION_2.replace('"version": 2,', ""),
        VERSION_2.replace("2026-11-21T11", "yesterday"),
        VERSION_2.replace('"2026-11-21T11:00:00Z"', "7"),
        VERSION_2.replace("11:00:00Z", "11:00:00"),
        VERSION_2.replace('["0123456789ab"]', "null"),
        VERSION_2.replace('{"look": "passed"}', '{"look": "done"}'),
        VERSION_2.replace('{"look": "passed"}', "[]"),
        VERSION_2.replace('{"id": "ada", "seed": "autumn"}', "7"),
        VERSION_2.replace('"seed": "autumn"', '"seed": 7'),
    ],
)
def test_damaged(damage: str) -> None:
    """An unreadable file counts as empty progress, and the next change moves it aside unchanged."""
    write_file(damage)
    assert Progress("tiny", unreadable_file=file()) == store.load_progress("tiny")
    moved = store.record_steps_passed("tiny", ["look"]).progress.unreadable_file
    assert moved == file().with_name("tiny.json.unreadable-1")
    assert damage == moved.read_text("utf-8")
    assert None is store.load_progress("tiny").unreadable_file


def test_load_writes_nothing() -> None:
    """Loading progress creates, moves and locks no file, even if the file is damaged."""
    write_file("{")
    store.load_progress("tiny")
    assert [file()] == [*file().parent.iterdir()]


def test_not_text() -> None:
    """Bytes that are not UTF-8 count as an unreadable file."""
    write_file("").write_bytes(b"\xff\xfe\x00")
    assert store.load_progress("tiny").unreadable_file is not None


def test_damaged_while_recording() -> None:
    """A change to a damaged file is stored, and the result names the moved file."""
    write_file("{")
    update = store.record_steps_passed("tiny", ["look"])
    assert update.progress.unreadable_file is not None
    assert {"look": StepCompletion.PASSED} == store.load_progress("tiny").completed_on_cluster


def test_two_damaged_files() -> None:
    """A second damaged file does not overwrite the first one that was moved aside."""
    write_file("{1")
    first = store.record_lab_used("tiny").unreadable_file
    file().write_text("{2", "utf-8")
    second = store.record_lab_used("tiny").unreadable_file
    assert first is not None
    assert second is not None
    assert ["{1", "{2"] == [first.read_text("utf-8"), second.read_text("utf-8")]


def test_interrupted_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """If writing fails, the old file is unchanged and no temporary file is left."""
    write_file(VERSION_2)

    def fails(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        store.record_steps_passed("tiny", ["find"])
    assert VERSION_2 == file().read_text("utf-8")
    assert {"tiny.json", "lock"} == {path.name for path in file().parent.iterdir()}


def test_concurrent_changes(tmp_path: Path) -> None:
    """Two processes that record steps at the same time lose none of them."""
    script = "import sys\nfrom runner.progress import store\n"
    script += "for at in range(20): store.record_steps_passed('tiny', [f'{sys.argv[1]}{at}'])\n"
    argv = [sys.executable, "-c", script]
    environment = helpers.build_environment(tmp_path)
    both = [subprocess.Popen([*argv, name], env=environment, cwd=tmp_path) for name in ("a", "b")]
    assert [0, 0] == [process.wait(60) for process in both]
    assert 40 == len(store.load_progress("tiny").completed_on_cluster)


def test_learner() -> None:
    """A lab keeps its learner until another is set; passed steps must then be checked again on the cluster."""
    store.record_steps_passed("tiny", ["look"])
    store.record_steps_played("tiny", ["find"])
    progress = store.record_learner("tiny", ADA)
    assert progress == store.load_progress("tiny")
    assert (ADA, {"find": StepCompletion.PLAYED}) == (progress.learner, progress.completed_on_cluster)
    assert progress.find_step_record("look").passed_at is not None
    store.record_steps_passed("tiny", ["look"])
    assert {"look": StepCompletion.PASSED, "find": StepCompletion.PLAYED} == store.record_learner(
        "tiny", ADA
    ).completed_on_cluster
    assert ADA == store.record_fresh_cluster("tiny").learner


def test_record_without_learner() -> None:
    """A file without a learner has no learner, and is otherwise read as usual."""
    write_file(VERSION_2.replace(',\n  "learner": {"id": "ada", "seed": "autumn"}', ""))
    progress = store.load_progress("tiny")
    assert (NO_LEARNER, None, {"look": StepCompletion.PASSED}) == (
        progress.learner,
        progress.unreadable_file,
        progress.completed_on_cluster,
    )


def test_lab(tmp_path: Path) -> None:
    """A lab is loaded with the values of the learner for whom it was last started."""
    front = helpers.FRONT_MATTER.replace("images: []\n", "images: []\nvalues: {PORT: {from: 8000, to: 8999}}\n")
    helpers.write_lab(tmp_path, f"{front}## Look {{#look}}\n")
    assert {"PORT": "8000"} == store.load_lab_for_recorded_learner("tiny").values
    store.record_learner("tiny", ADA)
    assert ({"PORT": "8561"}, ADA) == (
        store.load_lab_for_recorded_learner("tiny").values,
        store.load_lab_for_recorded_learner("tiny").learner,
    )
