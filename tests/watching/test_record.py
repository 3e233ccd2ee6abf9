"""What the watch keeps in the learner's progress."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner import paths
from runner.learning import kept
from runner.lessons.values import Learner
from runner.watching import model, record
from runner.watching.model import Key, Watch
from tests import kit
from tests.watching import scenes
from tests.watching.scenes import FINISHED, HALF

DRAWING = kit.FRONT.replace("images: []\n", "images: []\nvalues: {NAME: {among: [web, api, shop, till]}}\n")


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.own_folders(monkeypatch, tmp_path)


def test_pass() -> None:
    """A step that passes for the first time is kept, and gets a warm word; the second time it gets none."""
    first = record.with_passes(HALF, HALF.report, whole=True)
    assert kept.load("tiny").of("init").passed
    assert "'Create the swarm'" in first.said
    assert "" == record.with_passes(replace(first, said=""), HALF.report, whole=True).said


def test_after_a_reset() -> None:
    """On a fresh cluster the same step is worth a word again."""
    record.with_passes(HALF, HALF.report, whole=True)
    kept.begun_afresh("tiny")
    assert "'Create the swarm'" in record.with_passes(HALF, HALF.report, whole=True).said


def test_several() -> None:
    """Steps that pass together are told together."""
    assert "and 5 more" in record.with_passes(FINISHED, FINISHED.report, whole=True).said


def test_hints() -> None:
    """Each hint that is asked for is shown below those before it, and kept; after the last comes the solution."""
    step = scenes.STEPS[1]
    one = record.with_hint(HALF)
    two = record.with_hint(one)
    assert [1, 2] == [len(watch.help(step).seen) for watch in (one, two)]
    assert 2 == len(kept.load("tiny").of("join").hints)
    assert (False, True) == (two.solution, record.with_hint(two).solution)


def test_hint_of_another_step() -> None:
    """A hint is for the step that is looked at."""
    record.with_hint(model.pressed(HALF, Key.UP))
    assert frozenset() == kept.load("tiny").of("join").hints


def test_loaded() -> None:
    """What was kept before is there when the watch begins."""
    record.with_passes(HALF, HALF.report, whole=True)
    assert {"init"} == {*record.loaded(scenes.UNSEEN).progress.here}


def test_another_learner(tmp_path: Path) -> None:
    """Once the lab is started for somebody else the watch has those values; a lesson broken meanwhile leaves it be."""
    lesson = f"{DRAWING}\n## Look {{#look}}\n```sh node1\necho <NAME>\n```\n"
    watch = record.loaded(Watch(kit.lab(tmp_path, lesson)))
    ada = Learner("ada", "autumn")
    kept.is_for("tiny", ada)
    after = record.with_passes(watch, HALF.report, whole=True)
    assert (ada, after.lab.values["NAME"]) == (after.lab.learner, after.lab.lesson.steps[0].commands[0].script[5:])
    assert watch.lab.values != after.lab.values
    kit.write_lab(tmp_path, "no lesson")
    kept.is_for("tiny", Learner("bob"))
    assert after.lab == record.loaded(after).lab


def test_unreadable() -> None:
    """A record that cannot be read is told of for as long as the watch lasts."""
    record.with_passes(HALF, HALF.report, whole=True)
    file = next(paths.state_folder().rglob("tiny.json"))
    file.write_text("{", "utf-8")
    loaded = record.loaded(HALF)
    assert loaded.progress.lost
    assert loaded.progress.lost == record.with_passes(loaded, HALF.report, whole=True).progress.lost


def test_no_room() -> None:
    """If nothing can be kept, that is told, and the watch goes on."""
    paths.state_folder().parent.mkdir(parents=True)
    paths.state_folder().write_text("a file where a folder should be", "utf-8")
    after = record.with_passes(HALF, HALF.report, whole=True)
    assert after.trouble
    assert after.trouble.message.startswith("Your progress cannot be kept: ")
    assert HALF.report == after.report
