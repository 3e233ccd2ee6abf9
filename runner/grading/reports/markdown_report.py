"""Markdown, for example for GitHub step summaries: one file for a class, or an index and one file per learner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from runner.checking.results import Outcome
from runner.grading.classes.class_statistics import compute_statistics, describe_lab_statistics
from runner.grading.grade_model import Grade, Mark, compute_score
from runner.grading.reports import report_texts
from runner.grading.similarity import SimilarPair

# Every character that could be part of Markdown, HTML or a mention.
_SPECIAL_CHARS = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&:@/.-])")
SUFFIX = ".md"
_SYMBOLS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.ERROR: "⚠️", Outcome.SKIPPED: "⏭️"}


def render(grades: Sequence[Grade]) -> str:
    """Return the report."""
    lines = ["# Grades", "", *_render_table(grades, [escape_markdown(grade.submission) for grade in grades])]
    lines += _render_statistics(grades)
    for grade in grades:
        visible = report_texts.redact_hidden_checks(grade)
        lines += ("", f"## {escape_markdown(grade.submission)}", "", *_render_submission(visible, "###"))
    return _join_lines(lines)


def render_learner_page(grade: Grade) -> str:
    """Return the page of one learner, which contains nothing about others."""
    title = f"# {escape_markdown(grade.submission)}: {report_texts.format_score(grade.score)}"
    lab = [f"Lab: {escape_markdown(grade.lab)}", ""] if grade.lab else []
    return _join_lines([title, "", *lab, *_render_submission(report_texts.redact_hidden_checks(grade), "##")])


def render_index_page(grades: Sequence[Grade], pages: Sequence[str], pairs: Sequence[SimilarPair]) -> str:
    """Return the instructor's page: a table with a link to each learner's page, and similar submissions.

    Args:
        grades: The grades.
        pages: The path of each learner's page.
        pairs: The submissions that resemble each other.

    """
    links = [f"[{escape_markdown(grade.submission)}]({page})" for grade, page in zip(grades, pages, strict=True)]
    summary = escape_markdown(report_texts.summarize_grades(grades))
    lines = ["# Grades", "", summary, "", *_render_table(grades, links), *_render_statistics(grades)]
    if pairs:
        lines += ("", "## Similar submissions", "", escape_markdown(report_texts.SIMILARITY_NOTE), "")
    for pair in pairs:
        similarity = escape_markdown(report_texts.format_similarity(pair))
        lines.append(f"- {links[pair.first]} and {links[pair.second]}: {similarity}")
        lines += (f"  - {escape_markdown(line)}" for line in pair.lines)
    return _join_lines(lines)


def escape_markdown(text: str) -> str:
    """Return text on one line that Markdown shows unchanged."""
    return _SPECIAL_CHARS.sub(r"\\\1", report_texts.sanitize_to_one_line(text))


def _join_lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _render_table(grades: Sequence[Grade], names: Sequence[str]) -> Iterator[str]:
    yield from ("| Submission | Lab | Points | |", "|---|---|---:|---|")
    for grade, name in zip(grades, names, strict=True):
        problem = escape_markdown(report_texts.describe_incomplete_grade(grade))
        yield f"| {name} | {escape_markdown(grade.lab)} | {report_texts.format_score(grade.score)} | {problem} |"


def _render_statistics(grades: Sequence[Grade]) -> Iterator[str]:
    for lab in compute_statistics(map(report_texts.redact_hidden_checks, grades)):
        yield from ("", f"## Statistics: {escape_markdown(lab.lab)}", "")
        yield from (escape_markdown(describe_lab_statistics(lab)), "")
        yield from ("| Step | Mean | All points |", "|---|---:|---:|")
        for step in lab.steps:
            mean = f"{report_texts.format_points(step.mean)} of {report_texts.format_points(step.possible)}"
            yield f"| {escape_markdown(step.title)} | {mean} | {step.full} of {step.count} |"
        yield from ("", "| Check | Passed | Failed | Skipped | Could not run |", "|---|---:|---:|---:|---:|")
        for check in lab.checks:
            counts = f"{check.passed} | {check.failed} | {check.skipped} | {check.error}"
            yield f"| {escape_markdown(check.says)} | {counts} |"


def _render_submission(grade: Grade, heading: str) -> Iterator[str]:
    if report_texts.describe_learner_values(grade):
        yield from (escape_markdown(report_texts.describe_learner_values(grade)), "")
    for remark in (*report_texts.list_remarks(grade), *grade.problems):
        yield f"- {escape_markdown(remark)}"
    if grade.trouble:
        yield escape_markdown(report_texts.describe_incomplete_grade(grade))
    for step, marks in grade.marks_by_step.items():
        title = escape_markdown(grade.titles.get(step, "Hidden checks"))
        yield from ("", f"{heading} {title}: {report_texts.format_score(compute_score(marks))}", "")
        yield from (_render_mark(mark) for mark in marks)


def _render_mark(mark: Mark) -> str:
    reason = "" if mark.outcome is Outcome.PASSED else escape_markdown(report_texts.explain_unpassed_mark(mark))
    points = report_texts.format_points(mark.points)
    return f"- {_SYMBOLS[mark.outcome]} {escape_markdown(mark.says)} ({points}){f': {reason}' if reason else ''}"
