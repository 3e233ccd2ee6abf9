"""Keeps in the learner's progress what the watch has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runner.checking.results import CheckReport
from runner.errors import LabsError
from runner.lessons import catalog
from runner.lessons.model import Lab
from runner.progress import completion, hint_selection, messages, store
from runner.progress.model import Progress
from runner.watch.model import SCROLL_TO_END, ErrorNotice, WatchState


def load_progress(watch: WatchState) -> WatchState:
    """Take in what is kept of the lab."""
    return _with(watch, lambda: store.load_progress(watch.lab.name))


def record_passed_steps(watch: WatchState, report: CheckReport, *, all_checks: bool) -> WatchState:
    """Keep the steps that pass, and say something warm about those that did not before.

    Args:
        watch: What is known.
        report: What checks have just found.
        whole: Whether all checks ran.

    """
    lesson = watch.lab.lesson
    passed = completion.find_passed_steps(lesson, report, all_checks_ran=all_checks)
    noted: list[store.ProgressUpdate] = []

    def note() -> Progress:
        noted.append(store.record_passed(watch.lab.name, passed))
        return noted[0].progress

    after = _with(watch, note)
    new = [step for step in lesson.steps for one in noted if step.id in one.newly_completed]
    return replace(after, success_message=messages.format_step_passed(lesson, new[-1], len(new) - 1)) if new else after


def reveal_next_hint(watch: WatchState) -> WatchState:
    """Show one more hint for the step that is looked at."""
    step = watch.shown_step
    if step is None:
        return watch
    hint = watch.step_hints(step).next_hint
    if hint is None:
        return replace(watch, is_solution_shown=True, scroll_lines=SCROLL_TO_END)
    return replace(_with(watch, lambda: store.record_hint(watch.lab.name, step.id, hint_selection.compute_hint_id(hint))), scroll_lines=SCROLL_TO_END)


def _with(watch: WatchState, change: Callable[[], Progress]) -> WatchState:
    lost = watch.progress.unreadable_file
    try:
        progress = change()
    except OSError as error:
        trouble = ErrorNotice(f"Your progress cannot be kept: {error}.", "Make room or give yourself the rights to it.")
        return replace(watch, check_error=trouble)
    # The next one knows of it no more, and the learner may not have read it yet.
    return replace(watch, lab=_of(progress, watch.lab), progress=replace(progress, unreadable_file=progress.unreadable_file or lost))


def _of(progress: Progress, lab: Lab) -> Lab:
    """Return the lab with the values of whom it has been started for since, if that is somebody else."""
    if progress.learner == lab.learner or not lab.lesson.values:
        return lab
    try:
        return catalog.load_lab(lab.name, progress.learner)
    except LabsError:
        # The lesson was broken meanwhile, which those who run its checks tell better.
        return lab
