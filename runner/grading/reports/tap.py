"""The Test Anything Protocol, version 14 (testanything.org).

It knows passed and failed alone. A check that could not run is skipped, and the report ends with 'Bail out!', so that
nobody takes the rest for a result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import student_view


def render(grades: Sequence[Grade]) -> str:
    """Return the report."""
    tests = [(grade, mark) for grade in map(student_view.redact_hidden_checks, grades) for mark in grade.marks]
    lines = ["TAP version 14", f"1..{len(tests)}"]
    for number, (grade, mark) in enumerate(tests, 1):
        lines += _test(number, grade, mark)
    unsure = next((grade for grade in grades if not grade.is_complete), None)
    if unsure:
        lines.append(f"Bail out! {_text(f'{unsure.submission}: {student_view.describe_missing_grade(unsure)}')}")
    return "\n".join(lines) + "\n"


def _test(number: int, grade: Grade, mark: Mark) -> Iterator[str]:
    ok = "not ok" if mark.outcome is Outcome.FAILED else "ok"
    skip = (
        f" # SKIP {_text(student_view.describe_result(mark))}"
        if mark.outcome in (Outcome.ERROR, Outcome.SKIPPED)
        else ""
    )
    yield f"{ok} {number} - {_text(f'{grade.submission}: {mark.says}')}{skip}"
    if mark.outcome is Outcome.FAILED and mark.text:
        # JSON is YAML, and leaves no doubt where a text ends.
        yield "  ---"
        yield f"  message: {json.dumps(student_view.replace_unsafe_chars(student_view.describe_result(mark)))}"
        yield f"  points: {student_view.format_points(mark.points)}"
        yield "  ..."


def _text(text: str) -> str:
    # Version 14 would have it escaped, but older readers take an escaped one for a directive too.
    return student_view.to_single_line(text).replace("\\", "\\\\").replace("#", "\N{FULLWIDTH NUMBER SIGN}")
