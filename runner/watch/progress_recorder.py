"""Load the learner's progress into the watch state, and record passed steps and shown hints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runner.checking.results import CheckReport
from runner.errors import LabsError
from runner.lessons import catalog
from runner.lessons.model import Lab
from runner.progress import hint_selection, passed_steps, praise, store
from runner.progress.model import Progress
from runner.watch.model import SCROLL_TO_END, ErrorNotice, WatchState


def reload_progress(state: WatchState) -> WatchState:
    """Return the state with the recorded progress of the lab."""
    return _update_progress(state, lambda: store.load_progress(state.lab.name))


def record_passed_steps(state: WatchState, report: CheckReport, *, all_checks: bool) -> WatchState:
    """Record the steps that pass, and return the state with praise for newly passed steps.

    Args:
        state: The state.
        report: The results of the latest check run.
        all_checks: Whether all checks ran.

    """
    lesson = state.lab.lesson
    passed = passed_steps.find_passed_step_ids(lesson, report, all_checks_ran=all_checks)
    updates: list[store.ProgressUpdate] = []

    def record() -> Progress:
        updates.append(store.record_steps_passed(state.lab.name, passed))
        return updates[0].progress

    after = _update_progress(state, record)
    new_ids = {step_id for update in updates for step_id in update.newly_completed}
    new_steps = [step for step in lesson.steps if step.id in new_ids]
    if not new_steps:
        return after
    message = praise.format_step_praise(lesson, new_steps[-1], len(new_steps) - 1)
    return replace(after, success_message=message)


def reveal_next_hint(state: WatchState) -> WatchState:
    """Show and record the next hint for the shown step; after the last hint, show how to see the solution."""
    step = state.shown_step
    if step is None:
        return state
    hint = state.select_step_hints(step).next_hint
    if hint is None:
        return replace(state, is_solution_shown=True, scroll_lines=SCROLL_TO_END)
    hint_id = hint_selection.compute_hint_id(hint)
    after = _update_progress(state, lambda: store.record_hint_shown(state.lab.name, step.id, hint_id))
    return replace(after, scroll_lines=SCROLL_TO_END)


def _update_progress(state: WatchState, change: Callable[[], Progress]) -> WatchState:
    """Return the state with the progress that a function returns, or with an error if the progress cannot be saved."""
    try:
        progress = change()
    except OSError as error:
        notice = ErrorNotice(f"Cannot save your progress: {error}.", "Free disk space or fix the permissions.")
        return replace(state, check_error=notice)
    # Only the first update reports an unreadable progress file; the learner may not have read the notice yet.
    unreadable_file = progress.unreadable_file or state.progress.unreadable_file
    lab = _reload_lab(state.lab, progress)
    return replace(state, lab=lab, progress=replace(progress, unreadable_file=unreadable_file))


def _reload_lab(lab: Lab, progress: Progress) -> Lab:
    """Return the lab with the values of the learner it was last started for, who may have changed."""
    if progress.learner == lab.learner or not lab.lesson.values:
        return lab
    try:
        return catalog.load_lab(lab.name, progress.learner)
    except LabsError:
        # The lesson was broken by a later edit; running its checks reports that.
        return lab
