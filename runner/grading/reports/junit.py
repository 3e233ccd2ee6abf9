"""JUnit XML for Jenkins, GitLab and others: one test suite per submission, one test case per check.

The format has no official standard; this report follows the schema of Jenkins' xUnit plug-in (junit-10.xsd).
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from runner.checking.results import Outcome
from runner.grading.grade_model import Grade, Mark
from runner.grading.reports import report_texts

_OUTCOME_TAGS = {Outcome.FAILED: "failure", Outcome.ERROR: "error", Outcome.SKIPPED: "skipped"}


def render(grades: Sequence[Grade]) -> str:
    """Return the report."""
    root = Xml.Element("testsuites", name="labs grade")
    for grade in grades:
        _add_suite(root, report_texts.redact_hidden_checks(grade))
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _add_suite(root: Xml.Element, grade: Grade) -> None:
    count = {outcome: sum(mark.outcome is outcome for mark in grade.marks) for outcome in Outcome}
    suite = Xml.SubElement(
        root,
        "testsuite",
        name=report_texts.sanitize_to_one_line(grade.submission),
        tests=str(len(grade.marks) + bool(grade.trouble)),
        failures=str(count[Outcome.FAILED]),
        errors=str(count[Outcome.ERROR] + bool(grade.trouble)),
        skipped=str(count[Outcome.SKIPPED]),
        time=f"{grade.seconds:.1f}",
    )
    properties = Xml.SubElement(suite, "properties")
    for name, value in (
        ("lab", grade.lab),
        ("score", report_texts.format_points(grade.score.earned)),
        ("possible", report_texts.format_points(grade.score.possible)),
        ("complete", str(grade.is_complete).lower()),
    ):
        Xml.SubElement(properties, "property", name=name, value=value)
    for mark in grade.marks:
        _add_case(suite, grade, mark)
    if grade.trouble:
        case = Xml.SubElement(suite, "testcase", classname=grade.lab, name="It can be graded", time="0")
        Xml.SubElement(
            case, "error", message=report_texts.sanitize_to_one_line(report_texts.describe_incomplete_grade(grade))
        )
    if remarks := report_texts.list_remarks(grade):
        Xml.SubElement(suite, "system-out").text = report_texts.replace_unsafe_chars("\n".join(remarks))
    if grade.problems:
        Xml.SubElement(suite, "system-err").text = report_texts.replace_unsafe_chars("\n".join(grade.problems))


def _add_case(suite: Xml.Element, grade: Grade, mark: Mark) -> None:
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=f"{grade.lab}.{mark.step}",
        name=report_texts.sanitize_to_one_line(mark.says),
        time=f"{mark.seconds:.3f}",
    )
    if mark.outcome is Outcome.PASSED:
        return
    message = report_texts.sanitize_to_one_line(report_texts.explain_unpassed_mark(mark))
    result = Xml.SubElement(case, _OUTCOME_TAGS[mark.outcome], message=message)
    if mark.see:
        result.text = report_texts.replace_unsafe_chars(f"See it on {mark.node} with: {mark.see}")
