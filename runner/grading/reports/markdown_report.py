"""Markdown, as for a GitHub step summary: all submissions in one file, or an index and a file for each learner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, Mark, total
from runner.grading.reports import student_view
from runner.grading.similarity import Pair

# Whatever could be Markdown, HTML or a mention.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&:@/.-])")
SUFFIX = ".md"
_SIGNS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.ERROR: "⚠️", Outcome.SKIPPED: "⏭️"}


def render(grades: Sequence[Grade]) -> str:
    """Return the report."""
    lines = ["# Grades", "", *_table(grades, [text(grade.submission) for grade in grades])]
    for grade in grades:
        lines += ("", f"## {text(grade.submission)}", "", *_submission(student_view.for_students(grade), "###"))
    return _joined(lines)


def learner(grade: Grade) -> str:
    """Return the page of one learner, which holds nothing of any other."""
    head = f"# {text(grade.submission)}: {student_view.of(grade.score)}"
    lab = [f"Lab: {text(grade.lab)}", ""] if grade.lab else []
    return _joined([head, "", *lab, *_submission(student_view.for_students(grade), "##")])


def index(grades: Sequence[Grade], pages: Sequence[str], pairs: Sequence[Pair]) -> str:
    """Return the instructor's page: a table of all, each with a link, and which submissions resemble each other.

    Args:
        grades: The grades.
        pages: Where the page of each lies.
        pairs: Which resemble each other.

    """
    links = [f"[{text(grade.submission)}]({page})" for grade, page in zip(grades, pages, strict=True)]
    lines = ["# Grades", "", text(student_view.summary(grades)), "", *_table(grades, links)]
    if pairs:
        lines += ("", "## Submissions that resemble each other", "", text(student_view.ABOUT_PAIRS), "")
    for pair in pairs:
        lines.append(f"- {links[pair.first]} and {links[pair.second]}: {text(student_view.alike(pair))}")
        lines += (f"  - {text(one)}" for one in pair.lines)
    return _joined(lines)


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _table(grades: Sequence[Grade], names: Sequence[str]) -> Iterator[str]:
    yield from ("| Submission | Lab | Points | |", "|---|---|---:|---|")
    for grade, name in zip(grades, names, strict=True):
        yield f"| {name} | {text(grade.lab)} | {student_view.of(grade.score)} | {text(student_view.verdict(grade))} |"


def text(given: str) -> str:
    """Return text on one line that Markdown takes for nothing else."""
    return _SPECIAL.sub(r"\\\1", student_view.line(given))


def _submission(grade: Grade, heading: str) -> Iterator[str]:
    if student_view.whose(grade):
        yield from (text(student_view.whose(grade)), "")
    for problem in grade.problems:
        yield f"- {text(problem)}"
    if grade.trouble:
        yield text(student_view.verdict(grade))
    for step, marks in grade.by_step.items():
        yield from (
            "",
            f"{heading} {text(grade.titles.get(step, 'Hidden checks'))}: {student_view.of(total(marks))}",
            "",
        )
        yield from (_mark(mark) for mark in marks)


def _mark(mark: Mark) -> str:
    why = "" if mark.outcome is Outcome.PASSED or not student_view.why(mark) else f": {text(student_view.why(mark))}"
    return f"- {_SIGNS[mark.outcome]} {text(mark.says)} ({student_view.points(mark.points)}){why}"
