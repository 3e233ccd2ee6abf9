"""Statistics of a class: how many learners have passed each check, and the points of each step."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, compute_score
from runner.grading.reports import report_texts


@dataclass(frozen=True, slots=True)
class CheckStatistics:
    """The results of one check.

    Attributes:
        check: The check's name.
        step: The id of its step.
        says: What is true when it passes.
        passed: How many submissions have passed it.
        failed: How many have not.
        error: For how many it could not run.
        skipped: For how many it was skipped, because something before it has failed.

    """

    check: str
    step: str
    says: str
    passed: int
    failed: int
    error: int
    skipped: int

    @property
    def share(self) -> float:
        """The share of submissions that have passed, of those for which it could run."""
        count = self.passed + self.failed + self.skipped
        return self.passed / count if count else 0.0


@dataclass(frozen=True, slots=True)
class StepStatistics:
    """The points for one step.

    Attributes:
        step: The step's id.
        title: Its title.
        mean: The average of the points that were earned.
        possible: The maximum.
        full: How many submissions have all points.
        count: How many submissions there are.

    """

    step: str
    title: str
    mean: float
    possible: float
    full: int
    count: int


@dataclass(frozen=True, slots=True)
class LabStatistics:
    """The results of a class in one lab.

    Attributes:
        lab: The lab.
        submissions: How many submissions were graded completely.
        incomplete: How many could not be graded completely; they count nowhere else.
        missing: How many learners handed nothing in; they count nowhere else.
        late: How many submissions were late.
        mean: The average of the points.
        median: The median of the points.
        lowest: The lowest points.
        highest: The highest points.
        possible: The maximum.
        steps: The results of each step, in lesson order.
        checks: The results of each check, in lesson order.

    """

    lab: str
    submissions: int
    incomplete: int
    missing: int
    late: int
    mean: float
    median: float
    lowest: float
    highest: float
    possible: float
    steps: tuple[StepStatistics, ...]
    checks: tuple[CheckStatistics, ...]


def compute_statistics(grades: Iterable[Grade]) -> list[LabStatistics]:
    """Return the statistics of each lab for which there are at least two learners."""
    grades_by_lab: dict[str, list[Grade]] = {}
    for grade in grades:
        if grade.lab:
            grades_by_lab.setdefault(grade.lab, []).append(grade)
    return [_compute_lab_statistics(lab, members) for lab, members in grades_by_lab.items() if len(members) > 1]


def _compute_lab_statistics(lab: str, grades: Sequence[Grade]) -> LabStatistics:
    submitted = [grade for grade in grades if not grade.is_missing]
    complete = [grade for grade in submitted if grade.is_complete]
    points = [grade.score.earned for grade in complete] or [0.0]
    return LabStatistics(
        lab=lab,
        submissions=len(complete),
        incomplete=len(submitted) - len(complete),
        missing=len(grades) - len(submitted),
        late=sum(any(adjustment.kind == "late" for adjustment in grade.adjustments) for grade in submitted),
        mean=round(statistics.fmean(points), 4),
        median=round(statistics.median(points), 4),
        lowest=min(points),
        highest=max(points),
        possible=max((grade.score.possible for grade in grades), default=0.0),
        steps=tuple(_list_steps(complete)),
        checks=tuple(_list_checks(submitted)),
    )


def _list_steps(grades: Sequence[Grade]) -> Iterable[StepStatistics]:
    steps = dict.fromkeys(step for grade in grades for step in grade.marks_by_step)
    for step in steps:
        members = [grade for grade in grades if step in grade.marks_by_step]
        scores = [compute_score(grade.marks_by_step[step]) for grade in members]
        yield StepStatistics(
            step=step,
            title=members[0].titles.get(step, "Hidden checks"),
            mean=round(statistics.fmean(score.earned for score in scores), 4),
            possible=max(score.possible for score in scores),
            full=sum(score.earned >= score.possible for score in scores),
            count=len(members),
        )


def _list_checks(grades: Sequence[Grade]) -> Iterable[CheckStatistics]:
    marks = {(mark.hidden, mark.check): mark for grade in reversed(grades) for mark in grade.marks}
    outcomes: dict[tuple[bool, str], list[Outcome]] = {key: [] for key in marks}
    for grade in grades:
        for mark in grade.marks:
            outcomes[mark.hidden, mark.check].append(mark.outcome)
    order = dict.fromkeys((mark.hidden, mark.check) for grade in grades for mark in grade.marks)
    for key in order:
        counts = {outcome.value: outcomes[key].count(outcome) for outcome in Outcome}
        yield CheckStatistics(marks[key].check, marks[key].step, marks[key].says, **counts)


def describe_lab_statistics(lab: LabStatistics) -> str:
    """Return the results of a class in one lab, on one line."""
    mean, median, possible, lowest, highest = map(
        report_texts.format_points, (lab.mean, lab.median, lab.possible, lab.lowest, lab.highest)
    )
    parts = [
        f"{lab.submissions} graded",
        f"{lab.missing} without a submission" if lab.missing else "",
        f"{lab.incomplete} not fully graded" if lab.incomplete else "",
        f"{lab.late} late" if lab.late else "",
        f"mean {mean} and median {median} of {possible} points",
        f"from {lowest} to {highest}",
    ]
    return ", ".join(filter(None, parts))
