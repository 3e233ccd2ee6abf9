"""Markdown, as for a GitHub step summary: all submissions in one file, or an index and a file for each learner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, Mark, sum_points
from runner.grading.reports import student_view
from runner.grading.similarity import SimilarPair

# Whatever could be Markdown, HTML or a mention.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&:@/.-])")
SUFFIX = ".md"
_SIGNS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.ERROR: "⚠️", Outcome.SKIPPED: "⏭️"}


def render(grades: Sequence[Grade]) -> str:
    """Return the report."""
    lines = ["# Grades", "", *_table(grades, [escape_markdown(grade.submission) for grade in grades])]
    for grade in grades:
        lines += (
            "",
            f"## {escape_markdown(grade.submission)}",
            "",
            *_submission(student_view.redact_hidden_checks(grade), "###"),
        )
    return _joined(lines)


def render_learner(grade: Grade) -> str:
    """Return the page of one learner, which holds nothing of any other."""
    head = f"# {escape_markdown(grade.submission)}: {student_view.format_score(grade.score)}"
    lab = [f"Lab: {escape_markdown(grade.lab)}", ""] if grade.lab else []
    return _joined([head, "", *lab, *_submission(student_view.redact_hidden_checks(grade), "##")])


def render_index(grades: Sequence[Grade], pages: Sequence[str], pairs: Sequence[SimilarPair]) -> str:
    """Return the instructor's page: a table of all, each with a link, and which submissions resemble each other.

    Args:
        grades: The grades.
        pages: Where the page of each lies.
        pairs: Which resemble each other.

    """
    links = [f"[{escape_markdown(grade.submission)}]({page})" for grade, page in zip(grades, pages, strict=True)]
    lines = ["# Grades", "", escape_markdown(student_view.summarize_grades(grades)), "", *_table(grades, links)]
    if pairs:
        lines += ("", "## Submissions that resemble each other", "", escape_markdown(student_view.SIMILARITY_NOTE), "")
    for pair in pairs:
        lines.append(
            f"- {links[pair.first]} and {links[pair.second]}: {escape_markdown(student_view.format_similarity(pair))}"
        )
        lines += (f"  - {escape_markdown(one)}" for one in pair.lines)
    return _joined(lines)


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _table(grades: Sequence[Grade], names: Sequence[str]) -> Iterator[str]:
    yield from ("| Submission | Lab | Points | |", "|---|---|---:|---|")
    for grade, name in zip(grades, names, strict=True):
        yield f"| {name} | {escape_markdown(grade.lab)} | {student_view.format_score(grade.score)} | {escape_markdown(student_view.describe_missing_grade(grade))} |"


def escape_markdown(given: str) -> str:
    """Return text on one line that Markdown takes for nothing else."""
    return _SPECIAL.sub(r"\\\1", student_view.to_single_line(given))


def _submission(grade: Grade, heading: str) -> Iterator[str]:
    if student_view.describe_values(grade):
        yield from (escape_markdown(student_view.describe_values(grade)), "")
    for problem in grade.problems:
        yield f"- {escape_markdown(problem)}"
    if grade.trouble:
        yield escape_markdown(student_view.describe_missing_grade(grade))
    for step, marks in grade.marks_by_step.items():
        yield from (
            "",
            f"{heading} {escape_markdown(grade.titles.get(step, 'Hidden checks'))}: {student_view.format_score(sum_points(marks))}",
            "",
        )
        yield from (_mark(mark) for mark in marks)


def _mark(mark: Mark) -> str:
    why = (
        ""
        if mark.outcome is Outcome.PASSED or not student_view.describe_result(mark)
        else f": {escape_markdown(student_view.describe_result(mark))}"
    )
    return f"- {_SIGNS[mark.outcome]} {escape_markdown(mark.says)} ({student_view.format_points(mark.points)}){why}"
