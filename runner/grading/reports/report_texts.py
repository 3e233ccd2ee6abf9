"""Texts that report formats share, and the redaction of what students may not see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from runner.checking import result_text
from runner.grading.grade_model import Adjustment, BlockRun, Grade, Mark, Score
from runner.grading.similarity import SimilarPair
from runner.lessons import learner_values
from runner.lessons.learner_values import Learner

# Characters that XML 1.0 does not allow, that terminals interpret, or that change the direction of text.
_UNSAFE_CHARS = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]"
)

SIMILARITY_NOTE = (
    "These submissions have more in common than the lesson explains. Look at them yourself: this note changes no "
    "grade, and students do not see it."
)


def redact_hidden_checks(grade: Grade) -> Grade:
    """Return a grade whose hidden checks show their points and nothing else."""
    visible = [mark for mark in grade.marks if not mark.hidden]
    redacted = [_redact_mark(mark, number) for number, mark in enumerate(grade.hidden_marks, 1)]
    return replace(grade, marks=(*visible, *redacted))


def _redact_mark(mark: Mark, number: int) -> Mark:
    name, says = f"hidden_{number}", f"Hidden check {number}"
    return replace(mark, check=name, step="hidden", says=says, text="", node="", see="")


def replace_unsafe_chars(text: str) -> str:
    """Return text without characters that a format does not allow or that a reader's program interprets."""
    return _UNSAFE_CHARS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def sanitize_to_one_line(text: str) -> str:
    """Return text without unsafe characters, on one line."""
    return " ".join(replace_unsafe_chars(text).split())


def format_points(number: float) -> str:
    """Return a number of points as text, rounded to two decimals."""
    return f"{round(number, 2):g}"


def format_score(score: Score) -> str:
    """Return a score as text, as in '3 of 4'."""
    return f"{format_points(score.earned)} of {format_points(score.possible)}"


def describe_adjustment(adjustment: Adjustment) -> str:
    """Return how an adjustment changes the points and why, as in '2 points added for style: well done'."""
    number = format_points(abs(adjustment.points))
    unit = "point" if number == "1" and not adjustment.possible else "points"
    if adjustment.possible and adjustment.points >= 0:
        points = f"{number} of {format_points(adjustment.possible)} {unit}"
    else:
        points = f"{number} {unit} {'taken away' if adjustment.points < 0 else 'added'}" if adjustment.points else ""
    item = f" for {adjustment.item}" if adjustment.item else ""
    comment = f": {adjustment.comment}" if adjustment.comment else ""
    return sanitize_to_one_line(f"{points}{item}{comment}".removeprefix(": "))


def list_remarks(grade: Grade) -> list[str]:
    """Return what else concerns a grade, one line each: manual points, penalties, a missing submission, notes."""
    missing = ["nothing was handed in"] if grade.is_missing else []
    adjustments = [describe_adjustment(adjustment) for adjustment in grade.adjustments]
    return [*missing, *adjustments, *map(sanitize_to_one_line, grade.notes)]


def explain_unpassed_mark(mark: Mark) -> str:
    """Return the reason that a check did not pass, as students see it."""
    return result_text.explain_unpassed_check(mark.outcome, mark.text, mark.node)


def describe_block_problem(run: BlockRun) -> str:
    """Return what went wrong with a block, and on which node."""
    return f"{run.node}: {run.complaint}" if run.node else run.complaint


def describe_learner_values(grade: Grade) -> str:
    """Return the learner and the values that a submission had to use, on one line; empty if none were drawn."""
    if not grade.learner or not grade.values:
        return ""
    return sanitize_to_one_line(learner_values.describe_values(Learner(grade.learner), grade.values))


def describe_incomplete_grade(grade: Grade) -> str:
    """Return why a grade is not reliable; empty if it is."""
    if grade.is_complete:
        return ""
    if grade.trouble:
        return f"could not be graded: {grade.trouble}"
    open_points = format_points(grade.score.open)
    unit = "point" if open_points == "1" else "points"
    return f"checks worth {open_points} {unit} could not run, which is neither a pass nor a fail"


def format_similarity(pair: SimilarPair) -> str:
    """Return how much two submissions have in common."""
    return f"{pair.share:.0%} similar, shared passages: {pair.pieces}"


def summarize_grades(grades: Sequence[Grade]) -> str:
    """Return the numbers of submissions, of those with all points, and of those not fully graded."""
    complete = [grade for grade in grades if grade.is_complete]
    perfect = sum(grade.score.earned >= grade.score.possible and not grade.is_missing for grade in complete)
    submitted = sum(not grade.is_missing for grade in grades)
    phrases = [f"{submitted} submission{'' if submitted == 1 else 's'}", f"{perfect} with all points"]
    incomplete = len(grades) - len(complete)
    phrases += [f"{incomplete} not fully graded"] if incomplete else []
    missing = sum(grade.is_missing for grade in grades)
    phrases += [f"{missing} without a submission"] if missing else []
    return f"{', '.join(phrases)}."
