"""Deadlines: what is late, by how many days, and what that costs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading.classes import deadlines, timestamps
from runner.grading.classes.deadlines import Deadline, Submittal
from runner.grading.grade_model import Adjustment, Grade
from tests.support.sample_grades import FAILED, PASSED, make_grade

CET = timezone(timedelta(hours=1))
DEADLINE = Deadline(datetime(2026, 11, 30, 23, 59, tzinfo=CET), timedelta(minutes=15), 0.1)


def handed_in(text: str, extension: str = "") -> Submittal:
    """Return when a submission was handed in."""
    return Submittal(datetime.fromisoformat(text), "roster", extension)


@pytest.mark.parametrize(
    ("submittal", "days"),
    [
        (handed_in("2026-11-30T23:59+01:00"), 0),
        (handed_in("2026-12-01T00:14+01:00"), 0),
        (handed_in("2026-12-01T00:15+01:00"), 1),
        (handed_in("2026-11-30T23:15+00:00"), 1),
        (handed_in("2026-12-01T23:59+01:00"), 1),
        (handed_in("2026-12-02T00:00+01:00"), 2),
        (handed_in("2026-12-02T00:00+01:00", "2d"), 0),
        (handed_in("2026-12-03T12:00+01:00", "2026-12-02"), 1),
        (handed_in("2026-12-02T23:30+01:00", "2026-12-02 23:30"), 0),
        (Submittal(None), 0),
        (Submittal(None, is_marked_late=True), 1),
        (Submittal(None, extension="2d", is_marked_late=True), 0),
        (replace(handed_in("2026-11-30T12:00+01:00"), is_marked_late=True), 0),
    ],
)
def test_late_days(submittal: Submittal, days: int) -> None:
    """Each day begun after the learner's own deadline counts, unless the submission is within the grace."""
    assert days == deadlines.count_late_days(DEADLINE, submittal)


@pytest.mark.parametrize(("hour", "days"), [("22:59", 1), ("23:59", 1), ("00:20", 2)])
def test_daylight_saving_time(hour: str, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day that has 25 hours is one day: clocks count, not seconds."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        deadline = Deadline(datetime(2026, 10, 24, 23, 59))
        day = 26 if hour == "00:20" else 25
        submitted = datetime.fromisoformat(f"2026-10-{day}T{hour}:00+01:00").astimezone(UTC)
        assert days == deadlines.count_late_days(deadline, Submittal(submitted))
    finally:
        monkeypatch.undo()
        time.tzset()


def grade_late(days: int, *adjustments: Adjustment, deadline: Deadline = DEADLINE) -> Grade:
    """Return a grade with 1 of 3.5 points, that was handed in some days late."""
    grade = replace(make_grade(PASSED, FAILED), adjustments=adjustments)
    submittal = Submittal(deadline.due + timedelta(days=days), "commit time")
    return deadlines.add_late_penalty(grade, deadline, submittal)


def test_penalty() -> None:
    """Each day costs a share of the maximum, and the points never fall below 0."""
    assert [1, pytest.approx(0.65), pytest.approx(0.3), 0, 0] == [grade_late(days).score.earned for days in range(5)]
    assert () == grade_late(0).adjustments
    late = grade_late(2).adjustments[0].comment
    expected = "2 days late: due 2026-11-30 23:59 +0100, handed in 2026-12-02 23:59 +0100 (commit time); "
    assert f"{expected}each day costs 10 %" == late


def test_penalty_after_manual_points() -> None:
    """The penalty is a share of the maximum with manual points, and can take away manual points too."""
    grade = grade_late(1, Adjustment("manual", 1, 1.5, "the report"))
    assert 1 + 1 - 0.5 == pytest.approx(grade.score.earned)
    assert 5 == grade.score.possible


def test_lateness_without_penalty() -> None:
    """Without a penalty, lateness is reported and costs nothing; who handed nothing in is not late."""
    grade = grade_late(1, deadline=replace(DEADLINE, penalty=0))
    assert (1, "1 day late") == (grade.score.earned, grade.adjustments[0].comment.partition(":")[0])
    missing = replace(make_grade(FAILED), is_missing=True)
    assert missing == deadlines.add_late_penalty(missing, DEADLINE, Submittal(None, is_marked_late=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("tomorrow", None, None), "'tomorrow' is not a time"),
        (("11/12/2026 23:59", None, None), "is not a time"),
        (("2026-11-30", "soon", None), "'soon' is not a duration"),
        (("2026-11-30", None, "lots"), "could not convert"),
        (("2026-11-30", None, "110"), "not a percentage"),
        ((None, "15m", None), "'--grace' needs a deadline"),
        ((None, None, "10"), "'--late-penalty' needs a deadline"),
    ],
)
def test_malformed_options(options: tuple[str | None, str | None, str | None], message: str) -> None:
    """A deadline that could be misunderstood is refused."""
    with pytest.raises(UsageError, match=message):
        deadlines.parse_deadline(*options)


@pytest.mark.parametrize("text", ["2026-11-30", "20261130", "2026-W49-1", "2026W491"])
def test_date_without_time(text: str) -> None:
    """A date without a time means the end of that day, however it is written."""
    assert datetime(2026, 11, 30, 23, 59, 59) == timestamps.parse_time(text)
    assert datetime(2026, 11, 30, 0, 0, tzinfo=UTC) == timestamps.parse_time("20261130T0000Z")


def test_options() -> None:
    """A date means the end of the day, and a percentage may have a sign or a comma."""
    deadline = deadlines.parse_deadline("2026-11-30", "1h", "12,5 %")
    assert Deadline(datetime(2026, 11, 30, 23, 59, 59), timedelta(hours=1), 0.125) == deadline


def test_unknown_times() -> None:
    """Submissions of which the time is not known are named, because no penalty can be computed for them."""
    late = Submittal(None, is_marked_late=True)
    submittals = {
        "ada": Submittal(None),
        "bob": late,
        "cy": handed_in("2026-11-30T23:59+01:00"),
        "eve": Submittal(None),
    }
    assert deadlines.describe_unknown_times(submittals).endswith("so they do not count as late: ada, eve")
    assert "" == deadlines.describe_unknown_times({"bob": late})
    expected = "It is not known when 1 submission was handed in, so it does not count as late: ada"
    assert expected == deadlines.describe_unknown_times({"ada": Submittal(None)})


def test_times_of_a_download(tmp_path: Path) -> None:
    """If all files are from the same minutes, they say when they were downloaded, and nothing about the learners."""
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    same = [Submittal(start + timedelta(seconds=number), deadlines.FILE_TIME) for number in range(3)]
    with pytest.raises(UsageError, match="downloaded or copied"):
        deadlines.check_file_times(same)
    deadlines.check_file_times([*same, Submittal(start - timedelta(days=1), deadlines.FILE_TIME)])
    deadlines.check_file_times([replace(submittal, source="commit time") for submittal in same])
