"""Keeps in the learner's progress what the watch has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runner.checking.results import Report
from runner.errors import LabsError
from runner.lessons import catalog
from runner.lessons.model import Lab
from runner.progress import completion, hint_selection, messages, store
from runner.progress.model import Progress
from runner.watch.model import END, Trouble, Watch


def loaded(watch: Watch) -> Watch:
    """Take in what is kept of the lab."""
    return _with(watch, lambda: store.load(watch.lab.name))


def with_passes(watch: Watch, report: Report, *, whole: bool) -> Watch:
    """Keep the steps that pass, and say something warm about those that did not before.

    Args:
        watch: What is known.
        report: What checks have just found.
        whole: Whether all checks ran.

    """
    lesson = watch.lab.lesson
    passed = completion.passed(lesson, report, whole=whole)
    noted: list[store.Noted] = []

    def note() -> Progress:
        noted.append(store.passed(watch.lab.name, passed))
        return noted[0].progress

    after = _with(watch, note)
    new = [step for step in lesson.steps for one in noted if step.id in one.new]
    return replace(after, said=messages.after_pass(lesson, new[-1], len(new) - 1)) if new else after


def with_hint(watch: Watch) -> Watch:
    """Show one more hint for the step that is looked at."""
    step = watch.looked_at
    if step is None:
        return watch
    hint = watch.help(step).next
    if hint is None:
        return replace(watch, solution=True, scroll=END)
    return replace(_with(watch, lambda: store.hint_shown(watch.lab.name, step.id, hint_selection.mark(hint))), scroll=END)


def _with(watch: Watch, change: Callable[[], Progress]) -> Watch:
    lost = watch.progress.lost
    try:
        progress = change()
    except OSError as error:
        trouble = Trouble(f"Your progress cannot be kept: {error}.", "Make room or give yourself the rights to it.")
        return replace(watch, trouble=trouble)
    # The next one knows of it no more, and the learner may not have read it yet.
    return replace(watch, lab=_of(progress, watch.lab), progress=replace(progress, lost=progress.lost or lost))


def _of(progress: Progress, lab: Lab) -> Lab:
    """Return the lab with the values of whom it has been started for since, if that is somebody else."""
    if progress.learner == lab.learner or not lab.lesson.values:
        return lab
    try:
        return catalog.load(lab.name, progress.learner)
    except LabsError:
        # The lesson was broken meanwhile, which those who run its checks tell better.
        return lab
