"""Benchmark writing a thousand grades in every report format."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from runner.grading import reports, similarity
from runner.grading.grade_model import Grade
from tests.bench.generated_submissions import generate_grades
from tests.bench.timing import Row, measure_seconds, print_status

GRADE_COUNT = 1000
_CLASSROOM50 = ("CLASSROOM", "ASSIGNMENT", "USERNAME", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")


def measure_reports() -> tuple[list[Row], list[str]]:
    """Measure all grades and half of them; formats for a single submission are written once per grade."""
    os.environ |= dict.fromkeys(_CLASSROOM50, "x")
    print_status(f"reports: {GRADE_COUNT} grades ...")
    grades = generate_grades(GRADE_COUNT)
    no_files: list[tuple[str, ...]] = [()] * GRADE_COUNT
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        half = _write(folder / "half", grades[: GRADE_COUNT // 2])
        complete = _write(folder / "complete", grades)
        size = sum(path.stat().st_size for path in (folder / "complete").rglob("*") if path.is_file())
    half_pairs_seconds = measure_seconds(lambda: similarity.find_similar_pairs(grades[: GRADE_COUNT // 2], no_files))
    pairs_seconds = measure_seconds(lambda: similarity.find_similar_pairs(grades, no_files))
    rows = [
        Row(
            f"{GRADE_COUNT} reports in each of {len(reports.FORMATS)} formats",
            sum(complete.values()),
            "-",
            None,
            "<= 10 s",
        ),
        Row("the same", sum(complete.values()), "half of them, twice", 2 * sum(half.values()), "<= 1.1x"),
        Row(
            f"similar pairs among {GRADE_COUNT}",
            pairs_seconds,
            "half of them, twice",
            2 * half_pairs_seconds,
            "<= 1.1x",
        ),
    ]
    each = ", ".join(
        f"{format_} {duration:.2f} s" for format_, duration in sorted(complete.items(), key=lambda item: -item[1])
    )
    return rows, [f"reports, {size / 1e6:.0f} MB in all: {each}."]


def _write(folder: Path, grades: Sequence[Grade]) -> dict[str, float]:
    durations = {}
    for name in reports.FORMATS:
        (folder / name).mkdir(parents=True)
        classes = [[grade] for grade in grades] if name in reports.SINGLE_SUBMISSION_FORMATS else [grades]
        durations[name] = measure_seconds(partial(_write_classes, name, folder / name, classes))
    return durations


def _write_classes(name: str, folder: Path, classes: Sequence[Sequence[Grade]]) -> None:
    for number, members in enumerate(classes):
        reports.write_report(name, folder / f"report{number}", members, ())
