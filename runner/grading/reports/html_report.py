"""Pages for people, none of which needs another file or a script: one of a class, or an index and one a learner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner.checking.results import Outcome
from runner.grading.grade_model import BlockRun, Grade, Mark, sum_points
from runner.grading.reports import student_view
from runner.grading.similarity import SimilarPair

SUFFIX = ".html"
_WORDS = {Outcome.PASSED: "passed", Outcome.FAILED: "not yet", Outcome.ERROR: "unknown", Outcome.SKIPPED: "skipped"}


def render(grades: Sequence[Grade]) -> str:
    """Return one page: a table of all submissions, and below it each with its checks and what it typed."""
    return _page("page", submissions=[_told(grade) for grade in grades])


def render_learner(grade: Grade) -> str:
    """Return the page of one learner, which holds nothing of any other."""
    return _page("learner", one=_told(grade))


def render_index(grades: Sequence[Grade], pages: Sequence[str], pairs: Sequence[SimilarPair]) -> str:
    """Return the instructor's page: a table of all, each with a link, and which submissions resemble each other.

    Args:
        grades: The grades.
        pages: Where the page of each lies.
        pairs: Which resemble each other.

    """
    rows = [
        {
            "grade": grade,
            "score": student_view.format_score(grade.score),
            "verdict": student_view.describe_missing_grade(grade),
            "page": page,
        }
        for grade, page in zip(grades, pages, strict=True)
    ]
    return _page(
        "index",
        submissions=rows,
        summary=student_view.summarize_grades(grades),
        pairs=pairs,
        about_pairs=student_view.SIMILARITY_NOTE,
    )


def _page(name: str, **about: object) -> str:
    return _environment().get_template(f"{name}.html.jinja").render(about) + "\n"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"line": student_view.to_single_line, "alike": student_view.format_similarity}
    return made


def _told(graded: Grade) -> dict[str, Any]:
    grade = student_view.redact_hidden_checks(graded)
    steps = [
        {
            "title": student_view.to_single_line(grade.titles.get(step, "Hidden checks")),
            "score": student_view.format_score(sum_points(marks)),
            "marks": [_mark(mark) for mark in marks],
        }
        for step, marks in grade.marks_by_step.items()
    ]
    told = {
        "grade": grade,
        "score": student_view.format_score(grade.score),
        "verdict": student_view.describe_missing_grade(grade),
        "whose": student_view.describe_values(grade),
    }
    return {**told, "page": "", "steps": steps, "runs": [_run(run) for run in grade.runs]}


def _mark(mark: Mark) -> dict[str, str]:
    """Return what is shown of a mark; made ready here, for what a template puts together takes far longer."""
    why = "" if mark.outcome is Outcome.PASSED else student_view.to_single_line(student_view.describe_result(mark))
    return {
        "kind": mark.outcome.value,
        "outcome": _WORDS[mark.outcome],
        "says": student_view.to_single_line(mark.says),
        "worth": f"({'bonus, ' if mark.bonus else ''}{student_view.format_points(mark.points)})",
        "why": why,
        "where": mark.node if why and mark.see else "",
        "see": student_view.to_single_line(mark.see),
    }


def _run(run: BlockRun) -> dict[str, str]:
    about = f"submission.md:{run.line}{f', {run.seconds:g} s' if run.seconds else ''}"
    output = f"\n\n{student_view.replace_unsafe_chars(run.output)}" if run.output else ""
    return {
        "node": student_view.to_single_line(run.node) or "nowhere",
        "about": f"{about}: {student_view.to_single_line(run.complaint)}" if run.complaint else about,
        "script": student_view.replace_unsafe_chars(run.script),
        "output": f"{output}{'…' if run.cut else ''}",
    }
