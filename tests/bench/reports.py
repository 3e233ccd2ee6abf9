"""A thousand grades, written as every report there is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from runner.grading import reports, similarity
from runner.grading.grade_model import Grade
from tests.bench.generated_submissions import grades
from tests.bench.timing import Row, say, seconds

COUNT = 1000
_CLASSROOM50 = ("CLASSROOM", "ASSIGNMENT", "USERNAME", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")


def measure() -> tuple[list[Row], list[str]]:
    """Measure writing half of them and all; formats of one submission are written once for each."""
    os.environ |= dict.fromkeys(_CLASSROOM50, "x")
    say(f"reports: {COUNT} grades ...")
    everybody = grades(COUNT)
    no_files: list[tuple[str, ...]] = [()] * COUNT
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        half = _write(folder / "half", everybody[: COUNT // 2])
        whole = _write(folder / "whole", everybody)
        size = sum(path.stat().st_size for path in (folder / "whole").rglob("*") if path.is_file())
    half_of_pairs = seconds(lambda: similarity.find_similar_pairs(everybody[: COUNT // 2], no_files))
    pairs = seconds(lambda: similarity.find_similar_pairs(everybody, no_files))
    rows = [
        Row(f"{COUNT} reports in each of {len(reports.FORMATS)} formats", sum(whole.values()), "-", None, "<= 10 s"),
        Row("the same", sum(whole.values()), "half of them, twice", 2 * sum(half.values()), "<= 1.1x"),
        Row(f"which of {COUNT} resemble each other", pairs, "half of them, twice", 2 * half_of_pairs, "<= 1.1x"),
    ]
    each = ", ".join(f"{format_} {taken:.2f} s" for format_, taken in sorted(whole.items(), key=lambda one: -one[1]))
    return rows, [f"reports, {size / 1e6:.0f} MB in all: {each}."]


def _write(folder: Path, everybody: Sequence[Grade]) -> dict[str, float]:
    taken = {}
    for name in reports.FORMATS:
        (folder / name).mkdir(parents=True)
        classes = [[grade] for grade in everybody] if name in reports.SINGLE_SUBMISSION_FORMATS else [everybody]
        taken[name] = seconds(partial(_each, name, folder / name, classes))
    return taken


def _each(name: str, folder: Path, classes: Sequence[Sequence[Grade]]) -> None:
    for number, one in enumerate(classes):
        reports.write_report(name, folder / f"report{number}", one, ())
