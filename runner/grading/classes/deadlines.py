"""Deadlines: when a submission is late, by how many days, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runner.errors import UsageError
from runner.grading.classes import timestamps
from runner.grading.grade_model import Adjustment, Grade
from runner.grading.reports import report_texts

_SUSPICIOUS_COUNT, _SUSPICIOUS_SPAN = 3, timedelta(minutes=10)
_MAX_LISTED = 8
FILE_TIME = "time of its file"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The deadline of a class.

    Attributes:
        due: When submissions are due; without a time zone, in that of this computer.
        grace: How much later a submission may be without being late.
        penalty: The share of the maximum that each day begun costs; 0 if lateness is only reported.

    """

    due: datetime
    grace: timedelta = timedelta()
    penalty: float = 0.0


@dataclass(frozen=True, slots=True)
class Submittal:
    """What is known about when a submission was handed in.

    Attributes:
        time: When; None if that is unknown.
        source: What says so; empty if it is unknown.
        extension: The learner's own due time, or how much later it is, as written in the roster.
        is_marked_late: Whether the course system marked it as late without saying by how much.

    """

    time: datetime | None
    source: str = ""
    extension: str = ""
    is_marked_late: bool = False


def parse_deadline(due: str | None, grace: str | None, penalty: str | None) -> Deadline | None:
    """Return the deadline that the options mean; None if there is none.

    Raises:
        UsageError: An option is malformed, or needs `--due`.

    """
    if due is None:
        for option, value in (("--grace", grace), ("--late-penalty", penalty)):
            if value is not None:
                raise UsageError(f"'{option}' needs a deadline.", "Add '--due TIME', as in --due '2026-11-30 23:59'.")
        return None
    try:
        return Deadline(
            timestamps.parse_time(due),
            timestamps.parse_duration(grace) if grace else timedelta(),
            _parse_percentage(penalty) if penalty else 0.0,
        )
    except ValueError as error:
        raise UsageError(f"Cannot read the deadline: {error}.", "'labs grade --help' has examples.") from None


def _parse_percentage(text: str) -> float:
    number = float(text.strip().removesuffix("%").strip().replace(",", "."))
    if not 0 <= number <= 100:
        raise ValueError(f"'{text}' is not a percentage from 0 to 100")
    return number / 100


def find_due_time(deadline: Deadline, extension: str) -> datetime:
    """Return when a learner's submission is due.

    Args:
        deadline: The deadline of the class.
        extension: The learner's own due time, or how much later it is, such as '2d'; empty if there is none.

    Raises:
        ValueError: The extension is neither.

    """
    if not extension:
        return deadline.due
    try:
        return deadline.due + timestamps.parse_duration(extension)
    except ValueError:
        pass
    time = timestamps.parse_time(extension)
    if time.tzinfo is None and deadline.due.tzinfo is not None:
        return time.replace(tzinfo=deadline.due.tzinfo)
    return time


def count_late_days(deadline: Deadline, submittal: Submittal) -> int:
    """Return by how many days, each of them begun, a submission is late; 0 if it is not, or if that is unknown."""
    if submittal.time is None:
        # A course system's mark takes its own extensions into account, and may not know those in the roster.
        return 1 if submittal.is_marked_late and not submittal.extension else 0
    late_by = timestamps.subtract_times(submittal.time, find_due_time(deadline, submittal.extension))
    return math.ceil(late_by / timedelta(days=1)) if late_by > deadline.grace else 0


def add_late_penalty(grade: Grade, deadline: Deadline, submittal: Submittal) -> Grade:
    """Return a grade with the penalty for being late; unchanged if the submission is not late.

    Each day begun costs the same share of the maximum, and the points never fall below 0. Apply this after manual
    points.
    """
    days = count_late_days(deadline, submittal)
    if not days or grade.is_missing:
        return grade
    score = grade.score
    points = min(score.earned, score.possible * deadline.penalty * days)
    comment = _describe_lateness(deadline, submittal, days)
    return replace(grade, adjustments=(*grade.adjustments, Adjustment("late", 0.0 - points, comment=comment)))


def _describe_lateness(deadline: Deadline, submittal: Submittal, days: int) -> str:
    count = f"{days} day{'' if days == 1 else 's'} late"
    due = find_due_time(deadline, submittal.extension)
    cost = f"; each day costs {report_texts.format_points(deadline.penalty * 100)} %" if deadline.penalty else ""
    if submittal.time is None:
        return f"late by an unknown time, counted as 1 day{cost}"
    handed_in = timestamps.format_time(timestamps.convert_to_zone_of(submittal.time, due).replace(tzinfo=due.tzinfo))
    extended = " with an extension" if submittal.extension else ""
    return f"{count}: due {timestamps.format_time(due)}{extended}, handed in {handed_in} ({submittal.source}){cost}"


def describe_unknown_times(submittals: Mapping[str, Submittal]) -> str:
    """Return which submissions cannot be late, because it is not known when they were handed in; empty if none.

    Args:
        submittals: What is known about each submission, by the learner's identifier.

    """
    names = [name for name, submittal in submittals.items() if submittal.time is None and not submittal.is_marked_late]
    if not names:
        return ""
    listed = f"{', '.join(names[:_MAX_LISTED])}{', ...' if len(names) > _MAX_LISTED else ''}"
    if len(names) == 1:
        return f"It is not known when 1 submission was handed in, so it does not count as late: {listed}"
    return f"It is not known when {len(names)} submissions were handed in, so they do not count as late: {listed}"


def check_file_times(submittals: Sequence[Submittal]) -> None:
    """Reject times of files that are about when the files were downloaded or copied, and not when they were handed in.

    Raises:
        UsageError: All files have nearly the same time.

    """
    times = sorted(submittal.time for submittal in submittals if submittal.time and submittal.source == FILE_TIME)
    if len(times) >= _SUSPICIOUS_COUNT and times[-1] - times[0] < _SUSPICIOUS_SPAN:
        when = timestamps.format_time(times[-1].astimezone().replace(tzinfo=None))
        raise UsageError(
            f"All {len(times)} submissions have files from the same ten minutes, until {when}: that is when they were "
            "downloaded or copied, not when they were handed in.",
            "Write the times into a column 'submitted' of the roster ('--roster FILE'), or omit '--due'.",
        )
