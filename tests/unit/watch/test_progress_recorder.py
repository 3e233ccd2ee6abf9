"""The progress that the watch records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner import paths
from runner.lessons.learner_values import Learner
from runner.progress import store
from runner.watch import model, progress_recorder
from runner.watch.model import KeyAction, WatchState
from tests.support import helpers, watch_states
from tests.support.watch_states import FINISHED, HALF_DONE

FRONT_MATTER_WITH_VALUE = helpers.FRONT_MATTER.replace(
    "images: []\n", "images: []\nvalues: {NAME: {among: [web, api, shop, desk]}}\n"
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def test_passed_step() -> None:
    """A step that passes for the first time is recorded and praised; the second time it is not praised."""
    first = progress_recorder.record_passed_steps(HALF_DONE, HALF_DONE.report, all_checks=True)
    assert store.load_progress("tiny").find_step_record("init").passed_at
    assert "'Create the swarm'" in first.success_message
    assert (
        ""
        == progress_recorder.record_passed_steps(
            replace(first, success_message=""), HALF_DONE.report, all_checks=True
        ).success_message
    )


def test_after_a_reset() -> None:
    """On a new cluster the same step is praised again."""
    progress_recorder.record_passed_steps(HALF_DONE, HALF_DONE.report, all_checks=True)
    store.record_fresh_cluster("tiny")
    assert (
        "'Create the swarm'"
        in progress_recorder.record_passed_steps(HALF_DONE, HALF_DONE.report, all_checks=True).success_message
    )


def test_several_steps() -> None:
    """Steps that pass together are praised together."""
    assert (
        "and 5 more"
        in progress_recorder.record_passed_steps(FINISHED, FINISHED.report, all_checks=True).success_message
    )


def test_hints() -> None:
    """Each requested hint is shown below the earlier ones and recorded; after the last hint the solution is offered."""
    step = watch_states.STEPS[1]
    first = progress_recorder.reveal_next_hint(HALF_DONE)
    second = progress_recorder.reveal_next_hint(first)
    assert [1, 2] == [len(state.select_step_hints(step).shown) for state in (first, second)]
    assert 2 == len(store.load_progress("tiny").find_step_record("join").shown_hints)
    assert (False, True) == (second.is_solution_shown, progress_recorder.reveal_next_hint(second).is_solution_shown)


def test_hint_of_another_step() -> None:
    """A hint is recorded for the shown step."""
    progress_recorder.reveal_next_hint(model.apply_key_action(HALF_DONE, KeyAction.PREVIOUS_STEP))
    assert frozenset() == store.load_progress("tiny").find_step_record("join").shown_hints


def test_refresh_progress() -> None:
    """Progress that was recorded earlier is loaded when the watch starts."""
    progress_recorder.record_passed_steps(HALF_DONE, HALF_DONE.report, all_checks=True)
    assert {"init"} == {*progress_recorder.reload_progress(watch_states.UNKNOWN_CLUSTER).progress.completed_on_cluster}


def test_another_learner(tmp_path: Path) -> None:
    """Once the lab is started for another learner, their values are shown; a broken lesson leaves the lab unchanged."""
    lesson = f"{FRONT_MATTER_WITH_VALUE}\n## Look {{#look}}\n```sh node1\necho <NAME>\n```\n"
    before = progress_recorder.reload_progress(WatchState(helpers.make_lab(tmp_path, lesson)))
    ada = Learner("ada", "autumn")
    store.record_learner("tiny", ada)
    after = progress_recorder.record_passed_steps(before, HALF_DONE.report, all_checks=True)
    assert (ada, after.lab.values["NAME"]) == (after.lab.learner, after.lab.lesson.steps[0].commands[0].script[5:])
    assert before.lab.values != after.lab.values
    helpers.write_lab(tmp_path, "not a lesson")
    store.record_learner("tiny", Learner("bob"))
    assert after.lab == progress_recorder.reload_progress(after).lab


def test_unreadable() -> None:
    """An unreadable progress file is reported as long as the watch runs."""
    progress_recorder.record_passed_steps(HALF_DONE, HALF_DONE.report, all_checks=True)
    file = next(paths.state_folder().rglob("tiny.json"))
    file.write_text("{", "utf-8")
    loaded = progress_recorder.reload_progress(HALF_DONE)
    assert file == loaded.progress.unreadable_file
    changed = progress_recorder.record_passed_steps(loaded, HALF_DONE.report, all_checks=True)
    assert file.with_name("tiny.json.unreadable-1") == changed.progress.unreadable_file
    assert changed.progress.unreadable_file == progress_recorder.reload_progress(changed).progress.unreadable_file


def test_cannot_save() -> None:
    """If the progress cannot be saved, that is shown, and the watch continues."""
    paths.state_folder().parent.mkdir(parents=True)
    paths.state_folder().write_text("a file where a folder should be", "utf-8")
    after = progress_recorder.record_passed_steps(HALF_DONE, HALF_DONE.report, all_checks=True)
    assert after.check_error
    assert after.check_error.message.startswith("Cannot save your progress: ")
    assert HALF_DONE.report == after.report
