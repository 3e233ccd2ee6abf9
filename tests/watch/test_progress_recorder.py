"""What the watch keeps in the learner's progress."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner import paths
from runner.lessons.learner_values import Learner
from runner.progress import store
from runner.watch import model, progress_recorder
from runner.watch.model import Key, Watch
from tests import helpers
from tests.watch import scenarios
from tests.watch.scenarios import FINISHED, HALF

DRAWING = helpers.FRONT.replace("images: []\n", "images: []\nvalues: {NAME: {among: [web, api, shop, till]}}\n")


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.own_folders(monkeypatch, tmp_path)


def test_pass() -> None:
    """A step that passes for the first time is kept, and gets a warm word; the second time it gets none."""
    first = progress_recorder.with_passes(HALF, HALF.report, whole=True)
    assert store.load("tiny").of("init").passed
    assert "'Create the swarm'" in first.said
    assert "" == progress_recorder.with_passes(replace(first, said=""), HALF.report, whole=True).said


def test_after_a_reset() -> None:
    """On a fresh cluster the same step is worth a word again."""
    progress_recorder.with_passes(HALF, HALF.report, whole=True)
    store.begun_afresh("tiny")
    assert "'Create the swarm'" in progress_recorder.with_passes(HALF, HALF.report, whole=True).said


def test_several() -> None:
    """Steps that pass together are told together."""
    assert "and 5 more" in progress_recorder.with_passes(FINISHED, FINISHED.report, whole=True).said


def test_hints() -> None:
    """Each hint that is asked for is shown below those before it, and kept; after the last comes the solution."""
    step = scenarios.STEPS[1]
    one = progress_recorder.with_hint(HALF)
    two = progress_recorder.with_hint(one)
    assert [1, 2] == [len(watch.help(step).seen) for watch in (one, two)]
    assert 2 == len(store.load("tiny").of("join").hints)
    assert (False, True) == (two.solution, progress_recorder.with_hint(two).solution)


def test_hint_of_another_step() -> None:
    """A hint is for the step that is looked at."""
    progress_recorder.with_hint(model.pressed(HALF, Key.UP))
    assert frozenset() == store.load("tiny").of("join").hints


def test_loaded() -> None:
    """What was kept before is there when the watch begins."""
    progress_recorder.with_passes(HALF, HALF.report, whole=True)
    assert {"init"} == {*progress_recorder.loaded(scenarios.UNSEEN).progress.here}


def test_another_learner(tmp_path: Path) -> None:
    """Once the lab is started for somebody else the watch has those values; a lesson broken meanwhile leaves it be."""
    lesson = f"{DRAWING}\n## Look {{#look}}\n```sh node1\necho <NAME>\n```\n"
    watch = progress_recorder.loaded(Watch(helpers.lab(tmp_path, lesson)))
    ada = Learner("ada", "autumn")
    store.is_for("tiny", ada)
    after = progress_recorder.with_passes(watch, HALF.report, whole=True)
    assert (ada, after.lab.values["NAME"]) == (after.lab.learner, after.lab.lesson.steps[0].commands[0].script[5:])
    assert watch.lab.values != after.lab.values
    helpers.write_lab(tmp_path, "no lesson")
    store.is_for("tiny", Learner("bob"))
    assert after.lab == progress_recorder.loaded(after).lab


def test_unreadable() -> None:
    """A record that cannot be read is told of for as long as the watch lasts."""
    progress_recorder.with_passes(HALF, HALF.report, whole=True)
    file = next(paths.state_folder().rglob("tiny.json"))
    file.write_text("{", "utf-8")
    loaded = progress_recorder.loaded(HALF)
    assert loaded.progress.lost
    assert loaded.progress.lost == progress_recorder.with_passes(loaded, HALF.report, whole=True).progress.lost


def test_no_room() -> None:
    """If nothing can be kept, that is told, and the watch goes on."""
    paths.state_folder().parent.mkdir(parents=True)
    paths.state_folder().write_text("a file where a folder should be", "utf-8")
    after = progress_recorder.with_passes(HALF, HALF.report, whole=True)
    assert after.trouble
    assert after.trouble.message.startswith("Your progress cannot be kept: ")
    assert HALF.report == after.report
