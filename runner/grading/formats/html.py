"""Pages for people, none of which needs another file or a script: one of a class, or an index and one a learner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner.checking.outcomes import Outcome
from runner.grading.formats import view
from runner.grading.grade import Grade, Mark, Run, total
from runner.grading.similar import Pair

SUFFIX = ".html"
_WORDS = {Outcome.PASSED: "passed", Outcome.FAILED: "not yet", Outcome.ERROR: "unknown", Outcome.SKIPPED: "skipped"}


def render(grades: Sequence[Grade]) -> str:
    """Return one page: a table of all submissions, and below it each with its checks and what it typed."""
    return _page("page", submissions=[_told(grade) for grade in grades])


def learner(grade: Grade) -> str:
    """Return the page of one learner, which holds nothing of any other."""
    return _page("learner", one=_told(grade))


def index(grades: Sequence[Grade], pages: Sequence[str], pairs: Sequence[Pair]) -> str:
    """Return the instructor's page: a table of all, each with a link, and which submissions resemble each other.

    Args:
        grades: The grades.
        pages: Where the page of each lies.
        pairs: Which resemble each other.

    """
    rows = [
        {"grade": grade, "score": view.of(grade.score), "verdict": view.verdict(grade), "page": page}
        for grade, page in zip(grades, pages, strict=True)
    ]
    return _page("index", submissions=rows, summary=view.summary(grades), pairs=pairs, about_pairs=view.ABOUT_PAIRS)


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
    made.filters |= {"line": view.line, "alike": view.alike}
    return made


def _told(graded: Grade) -> dict[str, Any]:
    grade = view.for_students(graded)
    steps = [
        {
            "title": view.line(grade.titles.get(step, "Hidden checks")),
            "score": view.of(total(marks)),
            "marks": [_mark(mark) for mark in marks],
        }
        for step, marks in grade.by_step.items()
    ]
    told = {"grade": grade, "score": view.of(grade.score), "verdict": view.verdict(grade), "whose": view.whose(grade)}
    return {**told, "page": "", "steps": steps, "runs": [_run(run) for run in grade.runs]}


def _mark(mark: Mark) -> dict[str, str]:
    """Return what is shown of a mark; made ready here, for what a template puts together takes far longer."""
    why = "" if mark.outcome is Outcome.PASSED else view.line(view.why(mark))
    return {
        "kind": mark.outcome.value,
        "outcome": _WORDS[mark.outcome],
        "says": view.line(mark.says),
        "worth": f"({'bonus, ' if mark.bonus else ''}{view.points(mark.points)})",
        "why": why,
        "where": mark.node if why and mark.see else "",
        "see": view.line(mark.see),
    }


def _run(run: Run) -> dict[str, str]:
    about = f"submission.md:{run.line}{f', {run.seconds:g} s' if run.seconds else ''}"
    output = f"\n\n{view.plain(run.output)}" if run.output else ""
    return {
        "node": view.line(run.node) or "nowhere",
        "about": f"{about}: {view.line(run.complaint)}" if run.complaint else about,
        "script": view.plain(run.script),
        "output": f"{output}{'…' if run.cut else ''}",
    }
