"""Keeps each lab's progress in a file of this user's, through halts, reboots and new editions of a lesson."""

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
from runner.storage.locks import hold_lock

_VERSION = 2
# Whoever looks again every second is no news that often.
_RECENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """What became of something that was to be kept.

    Attributes:
        progress: The progress as it now is.
        new: The ids of the steps that were not done on the present cluster before, in the order they were given.

    """

    progress: Progress
    newly_completed: tuple[str, ...] = ()


def load_progress(lab: str) -> Progress:
    """Return what is kept of a lab, or an empty progress.

    A file that cannot be read as progress is set aside under another name, and `lost` tells it.

    Raises:
        OSError: The file cannot be opened.

    """
    file = _file(lab)
    # Looked at first, so that whoever has no progress needs no folder for it.
    if not file.exists():
        return Progress(lab)
    with hold_lock(_folder() / "lock"):
        return _read(file, lab)


def load_learner_lab(name: str, recall: Callable[[str], Progress] = load_progress) -> Lab:
    """Return a lab with the values of the learner whom its nodes were last started for.

    Args:
        name: The lab's name.
        recall: Tells what is kept of it.

    Raises:
        UsageError: There is no lab of that name.
        BrokenLabError: Its lesson has problems.
        OSError: What is kept of it cannot be opened.

    """
    if name not in catalog.list_lab_names():
        raise catalog.unknown_lab_error(name)
    lab = catalog.load_lab(name, recall(name).learner)
    # Where a lesson draws no values, it makes no difference for whom the lab was last started.
    return lab if lab.lesson.values else replace(lab, learner=NO_LEARNER)


def set_learner(lab: str, learner: Learner) -> Progress:
    """Keep whose values a lab has from now on.

    Raises:
        OSError: The file cannot be written.

    """
    return _change(lab, lambda progress: progress.with_learner(learner))[1]


def record_passed(lab: str, step_ids: Iterable[str]) -> ProgressUpdate:
    """Keep that these steps' checks pass now.

    A step that labs has played on this cluster is not noted as passed. Writes nothing where nothing is new.

    Raises:
        OSError: The file cannot be written.

    """
    wanted = tuple(step_ids)
    before, after = _change(lab, lambda progress: progress.with_steps_passed(wanted, _now()))
    return ProgressUpdate(after, tuple(step_id for step_id in wanted if step_id not in before.completed_on_cluster))


def record_played(lab: str, step_ids: Iterable[str]) -> Progress:
    """Keep that labs has typed these steps' commands on the present cluster.

    Raises:
        OSError: The file cannot be written.

    """
    wanted = tuple(step_ids)
    return _change(lab, lambda progress: progress.with_steps_played(wanted))[1]


def record_fresh_cluster(lab: str) -> Progress:
    """Keep that the lab has a fresh cluster, on which nothing is done yet.

    Raises:
        OSError: The file cannot be written.

    """
    return _change(lab, lambda progress: replace(progress, completed_on_cluster={}))[1]


def record_use(lab: str) -> Progress:
    """Keep that the lab is being worked on.

    Raises:
        OSError: The file cannot be written.

    """
    return _change(lab, lambda progress: progress)[1]


def record_hint(lab: str, step_id: str, mark: str) -> Progress:
    """Keep that a hint was shown.

    Args:
        lab: The lab's name.
        step_id: The step.
        mark: The hint's mark, from `hints.mark`.

    Raises:
        OSError: The file cannot be written.

    """
    return _change(lab, lambda progress: progress.with_hint_shown(step_id, mark))[1]


def record_solution(lab: str, step_id: str) -> Progress:
    """Keep that a step's solution was shown; before the step is passed this counts as spoiled.

    Raises:
        OSError: The file cannot be written.

    """
    return _change(lab, lambda progress: progress.with_solution_shown(step_id, _now()))[1]


def _change(lab: str, change: Callable[[Progress], Progress]) -> tuple[Progress, Progress]:
    file = _file(lab)
    with hold_lock(_folder() / "lock"):
        before = _read(file, lab)
        after = change(before)
        if after != before or before.last_used is None or _now() - before.last_used > _RECENT:
            after = replace(after, last_used=_now())
            _write(file, after)
    return before, after


def _folder() -> Path:
    return paths.state_folder() / "progress"


def _file(lab: str) -> Path:
    return _folder() / f"{lab}.json"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _read(file: Path, lab: str) -> Progress:
    try:
        return _decode(file.read_bytes(), lab)
    except FileNotFoundError:
        return Progress(lab)
    except codec.DecodeError:
        return Progress(lab, unreadable_file=_set_aside(file))


def _set_aside(file: Path) -> Path:
    names = (f"{file.name}.unreadable-{number}" for number in itertools.count(1))
    aside = next(path for name in names if not (path := file.with_name(name)).exists())
    file.replace(aside)
    return aside


def _write(file: Path, progress: Progress) -> None:
    data = {"version": _VERSION, **codec.to_builtins(progress)}
    del data["unreadable_file"]
    atomic.write_text(file, f"{codec.encode_json(data, indent=2)}\n", durable=True, mode=0o600)


def _decode(text: bytes, lab: str) -> Progress:
    data = codec.decode_json(text, dict[str, Any])
    if data.get("version") != _VERSION:
        raise codec.DecodeError(f"it has version {data.get('version')} of the format, not {_VERSION}")
    progress = codec.from_builtins(data, Progress)
    records = progress.steps.values()
    times = [progress.last_used, *(time for record in records for time in (record.passed_at, record.spoiled_at))]
    if any(time and not time.tzinfo for time in times):
        raise codec.DecodeError("a time has no time zone")
    return replace(progress, lab=lab, unreadable_file=None)
