"""The Test Anything Protocol, version 14 (testanything.org).

The protocol only has passed and failed tests. A check that could not run is marked as skipped, and the report ends with
'Bail out!', so that no reader takes the other results for a complete grade.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import report_texts


def render(grades: Sequence[Grade]) -> str:
    """Return the report."""
    tests = [(grade, mark) for grade in map(report_texts.redact_hidden_checks, grades) for mark in grade.marks]
    lines = ["TAP version 14", f"1..{len(tests)}"]
    for number, (grade, mark) in enumerate(tests, 1):
        lines += _render_test(number, grade, mark)
    for grade in grades:
        # Readers ignore comments: the protocol has no points.
        lines += (f"# {_escape(f'{grade.submission}: {remark}')}" for remark in report_texts.list_remarks(grade))
    incomplete = next((grade for grade in grades if not grade.is_complete), None)
    if incomplete:
        reason = report_texts.describe_incomplete_grade(incomplete)
        lines.append(f"Bail out! {_escape(f'{incomplete.submission}: {reason}')}")
    return "\n".join(lines) + "\n"


def _render_test(number: int, grade: Grade, mark: Mark) -> Iterator[str]:
    ok = "not ok" if mark.outcome is Outcome.FAILED else "ok"
    reason = report_texts.explain_unpassed_mark(mark)
    skip = f" # SKIP {_escape(reason)}" if mark.outcome in (Outcome.ERROR, Outcome.SKIPPED) else ""
    yield f"{ok} {number} - {_escape(f'{grade.submission}: {mark.says}')}{skip}"
    if mark.outcome is Outcome.FAILED and mark.text:
        # JSON is valid YAML, and its quotes show where a text ends.
        yield "  ---"
        yield f"  message: {json.dumps(report_texts.replace_unsafe_chars(reason))}"
        yield f"  points: {report_texts.format_points(mark.points)}"
        yield "  ..."


def _escape(text: str) -> str:
    # Version 14 defines an escape for '#', but older readers interpret '\#' as a directive too.
    return report_texts.sanitize_to_one_line(text).replace("\\", "\\\\").replace("#", "\N{FULLWIDTH NUMBER SIGN}")
