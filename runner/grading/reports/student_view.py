"""What all formats share: the view that students may have, and words for points and outcomes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from runner.checking import result_text
from runner.grading.grade_model import BlockRun, Grade, Mark, Score
from runner.grading.similarity import SimilarPair
from runner.lessons import learner_values
from runner.lessons.learner_values import Learner

# What XML 1.0 cannot hold, what terminals obey, and what turns the direction of text.
_UNFIT = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]"
)

SIMILARITY_NOTE = (
    "More of what is their own is the same than the lesson explains. Look for yourself what that means: this is a "
    "note, no grade is other for it, and no student is told."
)


def redact_hidden_checks(grade: Grade) -> Grade:
    """Return a grade with nothing in it of the hidden checks but what they brought."""
    seen = [mark for mark in grade.marks if not mark.hidden]
    return replace(grade, marks=(*seen, *(_veiled(mark, number) for number, mark in enumerate(grade.hidden_marks, 1))))


def _veiled(mark: Mark, number: int) -> Mark:
    name, says = f"hidden_{number}", f"Hidden check {number}"
    return replace(mark, check=name, step="hidden", says=says, text="", node="", see="")


def replace_unsafe_chars(text: str) -> str:
    """Return text without characters that a report cannot hold or a reader would obey."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def to_single_line(text: str) -> str:
    """Return plain text on one line."""
    return " ".join(replace_unsafe_chars(text).split())


def format_points(number: float) -> str:
    """Return points as people write them."""
    return f"{round(number, 2):g}"


def format_score(score: Score) -> str:
    """Return a score as people write it: '3 of 4'."""
    return f"{format_points(score.earned)} of {format_points(score.possible)}"


def describe_result(mark: Mark) -> str:
    """Return what a student is told about a check that did not pass."""
    return result_text.describe_outcome(mark.outcome, mark.text, mark.node)


def describe_block_problem(run: BlockRun) -> str:
    """Return what is to be said of a block, and of which node."""
    return f"{run.node}: {run.complaint}" if run.node else run.complaint


def describe_values(grade: Grade) -> str:
    """Return whose values a submission had to have, and which, on one line; empty where nothing was drawn."""
    return (
        to_single_line(learner_values.describe_values(Learner(grade.learner), grade.values))
        if grade.learner and grade.values
        else ""
    )


def describe_missing_grade(grade: Grade) -> str:
    """Return what is to be said of a grade that cannot be relied on; empty if it can."""
    if grade.is_complete:
        return ""
    if grade.trouble:
        return f"could not be graded: {grade.trouble}"
    open_points = format_points(grade.score.open)
    unit = "point" if open_points == "1" else "points"
    return f"checks worth {open_points} {unit} could not run, which is neither a pass nor a fail"


def format_similarity(pair: SimilarPair) -> str:
    """Return how much two submissions resemble each other."""
    return f"{pair.share:.0%} alike, {pair.pieces} pieces"


def summarize_grades(grades: Sequence[Grade]) -> str:
    """Return a class in one line."""
    sound = [grade for grade in grades if grade.is_complete]
    full = sum(grade.score.earned >= grade.score.possible for grade in sound)
    said = [f"{len(grades)} submission{'' if len(grades) == 1 else 's'}", f"{full} with all points"]
    unsure = len(grades) - len(sound)
    return ", ".join(said + ([f"{unsure} not graded to the end"] if unsure else [])) + "."
