"""The learner's progress as commands keep and show it: a command never fails for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from runner import sanitize
from runner.cli import _console
from runner.lessons import learner_values
from runner.lessons.learner_values import Learner
from runner.lessons.model import Lab
from runner.progress import store
from runner.progress.model import Progress
from runner.progress.store import ProgressUpdate

_CELLS = 6


def load_progress(lab: str) -> Progress:
    """Return what is kept of a lab; what cannot be read is told, and counts as nothing."""
    return _kept(lab, lambda: ProgressUpdate(store.load_progress(lab))).progress


def load_learner_lab(name: str) -> Lab:
    """Return a lab with the values of the learner whom it was last started for.

    Raises:
        UsageError: There is no lab of that name.
        BrokenLabError: Its lesson has problems.

    """
    return store.load_learner_lab(name, load_progress)


def set_learner(lab: str, learner: Learner) -> Progress:
    """Keep whose values the lab has."""
    return _kept(lab, lambda: ProgressUpdate(store.set_learner(lab, learner))).progress


def record_passed(lab: str, step_ids: Iterable[str]) -> ProgressUpdate:
    """Keep that these steps pass now."""
    return _kept(lab, lambda: store.record_passed(lab, step_ids))


def record_played(lab: str, step_ids: Iterable[str]) -> Progress:
    """Keep that labs has typed these steps' commands."""
    return _kept(lab, lambda: ProgressUpdate(store.record_played(lab, step_ids))).progress


def record_fresh_cluster(lab: str) -> Progress:
    """Keep that the lab has a fresh cluster."""
    return _kept(lab, lambda: ProgressUpdate(store.record_fresh_cluster(lab))).progress


def record_use(lab: str) -> Progress:
    """Keep that the lab is being worked on."""
    return _kept(lab, lambda: ProgressUpdate(store.record_use(lab))).progress


def record_hint(lab: str, step_id: str, mark: str) -> Progress:
    """Keep that a hint was shown."""
    return _kept(lab, lambda: ProgressUpdate(store.record_hint(lab, step_id, mark))).progress


def record_solution(lab: str, step_id: str) -> Progress:
    """Keep that a solution was shown."""
    return _kept(lab, lambda: ProgressUpdate(store.record_solution(lab, step_id))).progress


def print_learner(lab: Lab) -> None:
    """Print in one line whose values a lab has, and which; nothing where they are the lesson's own."""
    if lab.learner:
        told = learner_values.describe_values(lab.learner, lab.values)
        _console.get_stdout().print(f"  {sanitize.strip_control_chars(told)}", markup=False, soft_wrap=True)


def format_bar(passed: int, total: int) -> str:
    """Return how much of a lab is passed as a short bar and a number; full only if all of it is."""
    heavy = _CELLS if passed == total else min(_CELLS - 1, -(-passed * _CELLS // total))
    return f"{'━' * heavy}{'─' * (_CELLS - heavy)} {passed}/{total}"


def _kept(lab: str, change: Callable[[], ProgressUpdate]) -> ProgressUpdate:
    try:
        noted = change()
    except OSError as error:
        # A full disk, unlike a folder that is not ours, has no name here.
        where = f"{error.filename}: " if error.filename else ""
        _say(f"Your progress in '{lab}' cannot be kept: {where}{error.strerror}.")
        return ProgressUpdate(Progress(lab))
    if noted.progress.unreadable_file:
        _say(f"What was kept of your progress in '{lab}' could not be read, and begins anew; it lies in")
        _say(f"  {noted.progress.unreadable_file}")
    return noted


def _say(line: str) -> None:
    _console.get_stderr().print(line, style="yellow", soft_wrap=True, markup=False)
