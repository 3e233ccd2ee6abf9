"""Record and show the learner's progress; a command never fails because progress cannot be stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from runner import sanitize
from runner.cli import _console
from runner.lessons import catalog, learner_values
from runner.lessons.learner_values import Learner
from runner.lessons.model import Lab, Step
from runner.progress import store
from runner.progress.model import Progress
from runner.progress.store import ProgressUpdate
from runner.session import Session

_BAR_WIDTH = 6


def create_session() -> Session:
    """Return a session that warns about progress that cannot be read."""
    return Session(load_progress)


def load_progress(lab: str) -> Progress:
    """Return the progress in a lab; empty, with a warning, where it cannot be read."""
    return _with_warnings(lab, lambda: ProgressUpdate(store.load_progress(lab)), is_change=False).progress


def record_learner(lab: str, learner: Learner) -> Progress:
    """Record for whom the lab is started."""
    return _with_warnings(lab, lambda: ProgressUpdate(store.record_learner(lab, learner))).progress


def record_steps_passed(lab: str, step_ids: Iterable[str]) -> ProgressUpdate:
    """Record that the checks of these steps pass now."""
    return _with_warnings(lab, lambda: store.record_steps_passed(lab, step_ids))


def record_steps_played(lab: str, step_ids: Iterable[str]) -> Progress:
    """Record that labs ran the commands of these steps."""
    return _with_warnings(lab, lambda: ProgressUpdate(store.record_steps_played(lab, step_ids))).progress


def record_fresh_cluster(lab: str) -> Progress:
    """Record that the lab has a fresh cluster."""
    return _with_warnings(lab, lambda: ProgressUpdate(store.record_fresh_cluster(lab))).progress


def record_lab_used(lab: str) -> Progress:
    """Record that the lab is being used now."""
    return _with_warnings(lab, lambda: ProgressUpdate(store.record_lab_used(lab))).progress


def record_hint_shown(lab: str, step_id: str, hint_id: str) -> Progress:
    """Record that a hint was shown."""
    return _with_warnings(lab, lambda: ProgressUpdate(store.record_hint_shown(lab, step_id, hint_id))).progress


def record_solution_shown(lab: str, step_id: str) -> Progress:
    """Record that a step's solution was shown."""
    return _with_warnings(lab, lambda: ProgressUpdate(store.record_solution_shown(lab, step_id))).progress


def _with_warnings(lab: str, action: Callable[[], ProgressUpdate], *, is_change: bool = True) -> ProgressUpdate:
    try:
        update = action()
    except OSError as error:
        # The error for a full disk has no file name, unlike the error for missing permissions.
        location = f"{error.filename}: " if error.filename else ""
        _warn(f"Cannot store your progress in '{lab}': {location}{error.strerror}.")
        return ProgressUpdate(Progress(lab))
    if update.progress.unreadable_file:
        # Reading progress leaves the file where it is; only recording a change moves it.
        result = (
            "could not be read, so it starts empty. The file was moved to"
            if is_change
            else "cannot be read. The file is"
        )
        _warn(f"Your progress in '{lab}' {result}")
        _warn(f"  {update.progress.unreadable_file}")
    return update


def _warn(line: str) -> None:
    _console.get_stderr().print(line, style="yellow", soft_wrap=True, markup=False)


def print_learner_values(lab: Lab) -> None:
    """Print the learner whose values a lab has, and the values, in one line; nothing for the default values."""
    if lab.learner:
        line = learner_values.describe_values(lab.learner, lab.values)
        _console.get_stdout().print(f"  {sanitize.strip_control_chars(line)}", markup=False, soft_wrap=True)


def format_progress_bar(passed: int, total: int) -> str:
    """Return a short bar and a number for the passed steps of a lab; the bar is full only if all are passed."""
    filled = _BAR_WIDTH if passed == total else min(_BAR_WIDTH - 1, -(-passed * _BAR_WIDTH // total))
    return f"{'━' * filled}{'─' * (_BAR_WIDTH - filled)} {passed}/{total}"


def print_next_step_suggestion(lab: Lab, step: Step) -> None:
    """Print the step to do next, with the commands to read it and to get help."""
    commands = [
        (f"labs show {lab.name} {step.id}", "read the step"),
        (f"labs hint {lab.name} {step.id}", "get a hint"),
    ]
    _console.print_suggested_commands(commands, f"Next: {step.title}")


def print_next_lab_suggestion(lab: Lab) -> None:
    """Print what to do after a lab is completed: the labs that build on it."""
    following = [other for other in catalog.load_labs_without_problems() if lab.name in other.lesson.prerequisites]
    commands = [(f"labs start {other.name}", other.lesson.title) for other in following]
    _console.print_suggested_commands(commands or [("labs list", "list all labs")], "Next, another lab:")
