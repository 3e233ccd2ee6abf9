"""HTML pages without external files or scripts: one page for a class, or an index and one page per learner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner.checking.results import Outcome
from runner.grading.classes.class_statistics import compute_statistics, describe_lab_statistics
from runner.grading.grade_model import BlockRun, Grade, Mark, compute_score
from runner.grading.reports import report_texts
from runner.grading.similarity import SimilarPair

SUFFIX = ".html"
_OUTCOME_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "not yet",
    Outcome.ERROR: "unknown",
    Outcome.SKIPPED: "skipped",
}


def render(grades: Sequence[Grade]) -> str:
    """Return one page: a table of all submissions, then the checks and commands of each."""
    submissions = [_describe_submission(grade) for grade in grades]
    return _render_template("page", submissions=submissions, labs=_describe_statistics(grades))


def render_learner_page(grade: Grade) -> str:
    """Return the page of one learner, which contains nothing about others."""
    return _render_template("learner", submission=_describe_submission(grade))


def render_index_page(grades: Sequence[Grade], pages: Sequence[str], pairs: Sequence[SimilarPair]) -> str:
    """Return the instructor's page: a table with a link to each learner's page, and similar submissions.

    Args:
        grades: The grades.
        pages: The path of each learner's page.
        pairs: The submissions that resemble each other.

    """
    rows = [{**_describe_grade(grade), "page": page} for grade, page in zip(grades, pages, strict=True)]
    return _render_template(
        "index",
        submissions=rows,
        summary=report_texts.summarize_grades(grades),
        labs=_describe_statistics(grades),
        pairs=pairs,
        similarity_note=report_texts.SIMILARITY_NOTE,
    )


def _render_template(name: str, **values: object) -> str:
    return _load_environment().get_template(f"{name}.html.jinja").render(values) + "\n"


@cache
def _load_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "line": report_texts.sanitize_to_one_line,
        "points": report_texts.format_points,
        "similarity": report_texts.format_similarity,
    }
    return environment


def _describe_grade(grade: Grade) -> dict[str, Any]:
    return {
        "grade": grade,
        "score": report_texts.format_score(grade.score),
        "problem": report_texts.describe_incomplete_grade(grade),
        "page": "",
    }


def _describe_statistics(grades: Sequence[Grade]) -> list[dict[str, Any]]:
    return [
        {"lab": lab, "summary": describe_lab_statistics(lab)}
        for lab in compute_statistics(map(report_texts.redact_hidden_checks, grades))
    ]


def _describe_submission(full_grade: Grade) -> dict[str, Any]:
    grade = report_texts.redact_hidden_checks(full_grade)
    steps = [
        {
            "title": report_texts.sanitize_to_one_line(grade.titles.get(step, "Hidden checks")),
            "score": report_texts.format_score(compute_score(marks)),
            "marks": [_describe_mark(mark) for mark in marks],
        }
        for step, marks in grade.marks_by_step.items()
    ]
    runs = [_describe_run(run) for run in grade.runs]
    return {
        **_describe_grade(grade),
        "remarks": report_texts.list_remarks(grade),
        "values": report_texts.describe_learner_values(grade),
        "steps": steps,
        "runs": runs,
    }


def _describe_mark(mark: Mark) -> dict[str, str]:
    """Return the texts for a mark; composed here, because composing them in a template takes much longer."""
    reason = (
        ""
        if mark.outcome is Outcome.PASSED
        else report_texts.sanitize_to_one_line(report_texts.explain_unpassed_mark(mark))
    )
    return {
        "css_class": mark.outcome.value,
        "outcome": _OUTCOME_WORDS[mark.outcome],
        "says": report_texts.sanitize_to_one_line(mark.says),
        "points": f"({'bonus, ' if mark.bonus else ''}{report_texts.format_points(mark.points)})",
        "reason": reason,
        "node": mark.node if reason and mark.see else "",
        "see": report_texts.sanitize_to_one_line(mark.see),
    }


def _describe_run(run: BlockRun) -> dict[str, str]:
    location = f"submission.md:{run.line}{f', {run.seconds:g} s' if run.seconds else ''}"
    output = f"\n\n{report_texts.replace_unsafe_chars(run.output)}" if run.output else ""
    return {
        "node": report_texts.sanitize_to_one_line(run.node) or "no node",
        "about": f"{location}: {report_texts.sanitize_to_one_line(run.complaint)}" if run.complaint else location,
        "script": report_texts.replace_unsafe_chars(run.script),
        "output": f"{output}{'…' if run.cut else ''}",
    }
