"""Store each lab's progress in a JSON file per user, which survives stopped clusters, reboots and new lesson versions.

`load_...` functions only read. `record_...` functions are the only ones that write.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runner import paths
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lab
from runner.progress.model import Progress
from runner.storage import atomic, codec
from runner.storage.locks import hold_file_lock

_FORMAT_VERSION = 2
# A command that repeats every second does not update the time of last use each time.
_LAST_USED_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """The result of recording a change.

    Attributes:
        progress: The progress after the change.
        newly_completed: The ids of the steps that were not completed on the current cluster before, in the order given.

    """

    progress: Progress
    newly_completed: tuple[str, ...] = ()


def load_progress(lab: str) -> Progress:
    """Return the progress in a lab; it is empty if none is recorded or its file is unreadable.

    `unreadable_file` of the result names a file that cannot be decoded. The next change moves it aside.

    Raises:
        OSError: The file cannot be opened.

    """
    # No lock: the file is replaced atomically, and a reader without progress must not create a directory for a lock.
    file = _progress_file(lab)
    try:
        return _decode_progress(file.read_bytes(), lab)
    except FileNotFoundError:
        return Progress(lab)
    except codec.DecodeError:
        return Progress(lab, unreadable_file=file)


def load_lab_for_recorded_learner(name: str, load: Callable[[str], Progress] = load_progress) -> Lab:
    """Return a lab with the values of the learner for whom it was last started.

    Args:
        name: The lab's name.
        load: Returns the progress in a lab.

    Raises:
        UsageError: There is no lab of that name.
        BrokenLabError: Its lesson has problems.
        OSError: Its progress file cannot be opened.

    """
    if name not in catalog.list_lab_names():
        raise catalog.create_unknown_lab_error(name)
    lab = catalog.load_lab(name, load(name).learner)
    # If a lesson draws no values, it makes no difference for whom the lab was last started.
    return lab if lab.lesson.values else replace(lab, learner=NO_LEARNER)


def record_learner(lab: str, learner: Learner) -> Progress:
    """Record the learner whose values a lab has from now on.

    Raises:
        OSError: The file cannot be written.

    """
    return _update_progress(lab, lambda progress: progress.with_learner(learner))[1]


def record_steps_passed(lab: str, step_ids: Iterable[str]) -> ProgressUpdate:
    """Record that the checks of these steps pass now.

    A step that `labs` itself replayed on this cluster does not count as passed. If nothing is new, nothing is written.

    Raises:
        OSError: The file cannot be written.

    """
    passed = tuple(step_ids)
    before, after = _update_progress(lab, lambda progress: progress.with_steps_passed(passed, _now()))
    return ProgressUpdate(after, tuple(step_id for step_id in passed if step_id not in before.completed_on_cluster))


def record_steps_played(lab: str, step_ids: Iterable[str]) -> Progress:
    """Record that `labs` ran the commands of these steps on the current cluster.

    Raises:
        OSError: The file cannot be written.

    """
    played = tuple(step_ids)
    return _update_progress(lab, lambda progress: progress.with_steps_played(played))[1]


def record_fresh_cluster(lab: str) -> Progress:
    """Record that the lab has a fresh cluster, on which no step is completed yet.

    Raises:
        OSError: The file cannot be written.

    """
    return _update_progress(lab, lambda progress: replace(progress, completed_on_cluster={}))[1]


def record_lab_used(lab: str) -> Progress:
    """Record that the lab is in use now.

    Raises:
        OSError: The file cannot be written.

    """
    return _update_progress(lab, lambda progress: progress)[1]


def record_hint_shown(lab: str, step_id: str, hint_id: str) -> Progress:
    """Record that a hint was shown.

    Args:
        lab: The lab's name.
        step_id: The step.
        hint_id: The hint's id, from `hint_selection.compute_hint_id`.

    Raises:
        OSError: The file cannot be written.

    """
    return _update_progress(lab, lambda progress: progress.with_hint_shown(step_id, hint_id))[1]


def record_solution_shown(lab: str, step_id: str) -> Progress:
    """Record that a step's solution was shown; the step counts as spoiled if it was not passed before.

    Raises:
        OSError: The file cannot be written.

    """
    return _update_progress(lab, lambda progress: progress.with_solution_shown(step_id, _now()))[1]


def _update_progress(lab: str, change: Callable[[Progress], Progress]) -> tuple[Progress, Progress]:
    """Apply a change to the recorded progress, and return the progress before and after it."""
    file = _progress_file(lab)
    with hold_file_lock(file.parent / "lock"):
        before = load_progress(lab)
        if before.unreadable_file:
            before = replace(before, unreadable_file=_move_aside(file))
        after = change(before)
        if after != before or before.last_used is None or _now() - before.last_used > _LAST_USED_PRECISION:
            after = replace(after, last_used=_now())
            _write_progress(file, after)
    return before, after


def _progress_file(lab: str) -> Path:
    return paths.state_folder() / "progress" / f"{lab}.json"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _move_aside(file: Path) -> Path:
    names = (f"{file.name}.unreadable-{number}" for number in itertools.count(1))
    target = next(path for name in names if not (path := file.with_name(name)).exists())
    file.replace(target)
    return target


def _write_progress(file: Path, progress: Progress) -> None:
    data = {"version": _FORMAT_VERSION, **codec.to_builtins(progress)}
    del data["unreadable_file"]
    atomic.write_text(file, f"{codec.encode_json(data, indent=2)}\n", durable=True, mode=0o600)


def _decode_progress(text: bytes, lab: str) -> Progress:
    data = codec.decode_json(text, dict[str, Any])
    if data.get("version") != _FORMAT_VERSION:
        raise codec.DecodeError(f"it has version {data.get('version')} of the format, not {_FORMAT_VERSION}")
    progress = codec.from_builtins(data, Progress)
    records = progress.steps.values()
    times = [progress.last_used, *(time for record in records for time in (record.passed_at, record.spoiled_at))]
    if any(time and not time.tzinfo for time in times):
        raise codec.DecodeError("a time has no time zone")
    return replace(progress, lab=lab, unreadable_file=None)
