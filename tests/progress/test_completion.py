"""How far a cluster is, by what its checks find."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.results import Outcome, CheckReport, CheckResult
from runner.lessons.model import Lesson
from runner.progress import completion
from tests import helpers

OUTCOMES = {"p": Outcome.PASSED, "f": Outcome.FAILED, "e": Outcome.ERROR, "s": Outcome.SKIPPED}


def lesson(root: Path, ids: str) -> Lesson:
    """Return a lesson with a step for each letter."""
    return helpers.lab(root, helpers.FRONT + "".join(f"## Step {one} {{#{one}}}\n" for one in ids)).lesson


def report(found: str) -> CheckReport:
    """Return a report from pieces such as 'a:pf': the step, and how its checks ended."""
    pieces = [piece.split(":") for piece in found.split()]
    results = [
        CheckResult(f"test_{at}", step, "", OUTCOMES[one]) for step, all_ in pieces for at, one in enumerate(all_)
    ]
    return CheckReport("tiny", tuple(results))


@pytest.mark.parametrize(
    ("found", "passed", "done"),
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
def test_whole(found: str, passed: str, done: int, tmp_path: Path) -> None:
    """A step passes with all its checks; one without any goes with the next that has some, or with all."""
    whole = lesson(tmp_path, "abcde")
    assert (tuple(passed), done) == (
        completion.find_passed_steps(whole, report(found)),
        completion.count_completed_steps(whole, report(found)),
    )


@pytest.mark.parametrize(("found", "passed"), [("b:pp", "b"), ("b:pf", ""), ("", ""), ("d:p", "d")])
def test_one_step(found: str, passed: str, tmp_path: Path) -> None:
    """Where not all checks ran, only what was looked at counts."""
    assert tuple(passed) == completion.find_passed_steps(lesson(tmp_path, "abcde"), report(found), all_checks_ran=False)
