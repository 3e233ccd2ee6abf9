"""Complete the grades of a class: who the learners are, manual points, penalties, and those who handed nothing in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from runner import __version__
from runner.checking.results import Outcome
from runner.grading.classes import deadlines, manual_points
from runner.grading.classes.class_list import ClassList
from runner.grading.classes.deadlines import Deadline, Submittal
from runner.grading.classes.manual_points import ManualPoints
from runner.grading.classes.roster import RosterEntry
from runner.grading.grade_model import Grade

_NOTHING_SUBMITTED = "nothing was handed in"


def complete_grades(
    grades: Iterable[Grade],
    class_list: ClassList,
    deadline: Deadline | None = None,
    points: Sequence[ManualPoints] = (),
    lab: str | None = None,
) -> list[Grade]:
    """Return the final grades of a class, in the order of the roster.

    Args:
        grades: The grades of the submissions, as the checks gave them.
        class_list: The class.
        deadline: The deadline; None if there is none.
        points: Manual points.
        lab: The lab of learners who handed nothing in; None for the lab that most of the others have.

    """
    described = [_describe_grade(grade, class_list, has_deadline=deadline is not None) for grade in grades]
    missing = _create_missing_grades(described, class_list.missing, lab)
    order = {entry.key: (entry.line, index) for index, entry in enumerate(class_list.all_entries)}
    everyone = sorted([*described, *missing], key=lambda grade: order.get(grade.submission, (0, 0)))
    adjusted = manual_points.add_manual_points(everyone, points)
    if deadline is None:
        return adjusted
    unknown = Submittal(None)
    return [
        deadlines.add_late_penalty(grade, deadline, class_list.submittals.get(grade.submission, unknown))
        for grade in adjusted
    ]


def _describe_grade(grade: Grade, class_list: ClassList, has_deadline: bool) -> Grade:
    submittal = class_list.submittals.get(grade.submission, Submittal(None))
    entry = class_list.entries.get(grade.submission)
    notes = [*class_list.notes.get(grade.submission, ()), *grade.notes]
    # With a deadline, the penalty says so.
    if submittal.is_marked_late and not has_deadline:
        notes.append("the course system marks it as late")
    return replace(
        grade,
        folder=class_list.folders.get(grade.submission, grade.folder),
        identity=entry.identity if entry else None,
        submitted_at=submittal.time.astimezone().isoformat() if submittal.time else "",
        time_source=submittal.source,
        notes=tuple(notes),
    )


def _create_missing_grades(grades: Sequence[Grade], missing: Iterable[RosterEntry], lab: str | None) -> list[Grade]:
    """Return a grade without points for each learner who handed nothing in, out of the points that others can have."""
    labs = Counter(grade.lab for grade in grades if grade.lab)
    lab = lab or next((name for name, _ in labs.most_common(1)), "")
    model = max(
        (grade for grade in grades if grade.lab == lab), key=lambda grade: len(grade.marks), default=Grade("", lab, "")
    )
    marks = tuple(
        replace(mark, outcome=Outcome.FAILED, text=_NOTHING_SUBMITTED, node="", see="", seconds=0.0)
        for mark in model.marks
    )
    return [
        Grade(
            submission=entry.key,
            lab=lab,
            driver=model.driver,
            marks=marks,
            titles=model.titles,
            version=__version__,
            identity=entry.identity,
            is_missing=True,
        )
        for entry in missing
    ]
