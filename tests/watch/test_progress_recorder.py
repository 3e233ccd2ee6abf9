"""What the watch keeps in the learner's progress."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner import paths
from runner.lessons.learner_values import Learner
from runner.progress import store
from runner.watch import model, progress_recorder
from runner.watch.model import KeyAction, WatchState
from tests import helpers
from tests.watch import scenarios
from tests.watch.scenarios import FINISHED, HALF

DRAWING = helpers.FRONT_MATTER.replace("images: []\n", "images: []\nvalues: {NAME: {among: [web, api, shop, till]}}\n")


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def test_pass() -> None:
    """A step that passes for the first time is kept, and gets a warm word; the second time it gets none."""
    first = progress_recorder.record_passed_steps(HALF, HALF.report, all_checks=True)
    assert store.load_progress("tiny").step_record("init").passed_at
    assert "'Create the swarm'" in first.success_message
    assert "" == progress_recorder.record_passed_steps(replace(first, success_message=""), HALF.report, all_checks=True).success_message


def test_after_a_reset() -> None:
    """On a fresh cluster the same step is worth a word again."""
    progress_recorder.record_passed_steps(HALF, HALF.report, all_checks=True)
    store.record_fresh_cluster("tiny")
    assert "'Create the swarm'" in progress_recorder.record_passed_steps(HALF, HALF.report, all_checks=True).success_message


def test_several() -> None:
    """Steps that pass together are told together."""
    assert "and 5 more" in progress_recorder.record_passed_steps(FINISHED, FINISHED.report, all_checks=True).success_message


def test_hints() -> None:
    """Each hint that is asked for is shown below those before it, and kept; after the last comes the solution."""
    step = scenarios.STEPS[1]
    one = progress_recorder.reveal_next_hint(HALF)
    two = progress_recorder.reveal_next_hint(one)
    assert [1, 2] == [len(watch.step_hints(step).shown) for watch in (one, two)]
    assert 2 == len(store.load_progress("tiny").step_record("join").shown_hints)
    assert (False, True) == (two.is_solution_shown, progress_recorder.reveal_next_hint(two).is_solution_shown)


def test_hint_of_another_step() -> None:
    """A hint is for the step that is looked at."""
    progress_recorder.reveal_next_hint(model.apply_key_action(HALF, KeyAction.PREVIOUS_STEP))
    assert frozenset() == store.load_progress("tiny").step_record("join").shown_hints


def test_loaded() -> None:
    """What was kept before is there when the watch begins."""
    progress_recorder.record_passed_steps(HALF, HALF.report, all_checks=True)
    assert {"init"} == {*progress_recorder.load_progress(scenarios.UNSEEN).progress.completed_on_cluster}


def test_another_learner(tmp_path: Path) -> None:
    """Once the lab is started for somebody else the watch has those values; a lesson broken meanwhile leaves it be."""
    lesson = f"{DRAWING}\n## Look {{#look}}\n```sh node1\necho <NAME>\n```\n"
    watch = progress_recorder.load_progress(WatchState(helpers.make_lab(tmp_path, lesson)))
    ada = Learner("ada", "autumn")
    store.set_learner("tiny", ada)
    after = progress_recorder.record_passed_steps(watch, HALF.report, all_checks=True)
    assert (ada, after.lab.values["NAME"]) == (after.lab.learner, after.lab.lesson.steps[0].commands[0].script[5:])
    assert watch.lab.values != after.lab.values
    helpers.write_lab(tmp_path, "no lesson")
    store.set_learner("tiny", Learner("bob"))
    assert after.lab == progress_recorder.load_progress(after).lab


def test_unreadable() -> None:
    """A record that cannot be read is told of for as long as the watch lasts."""
    progress_recorder.record_passed_steps(HALF, HALF.report, all_checks=True)
    file = next(paths.state_folder().rglob("tiny.json"))
    file.write_text("{", "utf-8")
    loaded = progress_recorder.load_progress(HALF)
    assert file == loaded.progress.unreadable_file
    changed = progress_recorder.record_passed_steps(loaded, HALF.report, all_checks=True)
    assert file.with_name("tiny.json.unreadable-1") == changed.progress.unreadable_file
    assert changed.progress.unreadable_file == progress_recorder.load_progress(changed).progress.unreadable_file


def test_no_room() -> None:
    """If nothing can be kept, that is told, and the watch goes on."""
    paths.state_folder().parent.mkdir(parents=True)
    paths.state_folder().write_text("a file where a folder should be", "utf-8")
    after = progress_recorder.record_passed_steps(HALF, HALF.report, all_checks=True)
    assert after.check_error
    assert after.check_error.message.startswith("Your progress cannot be kept: ")
    assert HALF.report == after.report
