"""Completed steps, derived from check results."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.lessons.model import Lesson
from runner.progress import passed_steps
from tests.support import helpers

OUTCOMES = {"p": Outcome.PASSED, "f": Outcome.FAILED, "e": Outcome.ERROR, "s": Outcome.SKIPPED}


def lesson(root: Path, ids: str) -> Lesson:
    """Return a lesson with a step for each letter."""
    return helpers.make_lab(
        root, helpers.FRONT_MATTER + "".join(f"## Step {step_id} {{#{step_id}}}\n" for step_id in ids)
    ).lesson


def report(outcomes: str) -> CheckReport:
    """Return a report from items such as 'a:pf': a step and the outcomes of its checks."""
    steps = [item.split(":") for item in outcomes.split()]
    results = [
        CheckResult(f"test_{number}", step, "", OUTCOMES[letter])
        for step, letters in steps
        for number, letter in enumerate(letters)
    ]
    return CheckReport("tiny", tuple(results))


@pytest.mark.parametrize(
    ("outcomes", "passed", "completed_count"),
    [
        ("a:f b:s d:s", "", 0),
        ("a:pp b:f d:s", "a", 1),
        ("a:pf b:s d:s", "", 0),
        ("a:p b:pp d:f", "ab", 2),
        ("a:p b:p d:p", "abcde", 5),
        ("a:p b:e d:s", "a", 1),
        ("a:f b:p d:p", "bcd", 0),
        ("a:p b:s d:p", "acd", 1),
        ("b:f d:s", "", 0),
        ("b:p d:f", "ab", 2),
        ("", "", 0),
    ],
)
def test_all_checks(outcomes: str, passed: str, completed_count: int, tmp_path: Path) -> None:
    """A step passes if all its checks pass; a step without checks counts with the next checked step, or with all."""
    parsed = lesson(tmp_path, "abcde")
    assert (tuple(passed), completed_count) == (
        passed_steps.find_passed_step_ids(parsed, report(outcomes)),
        passed_steps.count_leading_passed_steps(parsed, report(outcomes)),
    )


@pytest.mark.parametrize(("outcomes", "passed"), [("b:pp", "b"), ("b:pf", ""), ("", ""), ("d:p", "d")])
def test_some_checks(outcomes: str, passed: str, tmp_path: Path) -> None:
    """If only some checks ran, only the steps with results count."""
    assert tuple(passed) == passed_steps.find_passed_step_ids(
        lesson(tmp_path, "abcde"), report(outcomes), all_checks_ran=False
    )
