"""Store completed grades, so that a submission is only graded again after something its grade depends on changes."""

from __future__ import annotations

import contextlib
from pathlib import Path

from runner import __version__, paths
from runner.grading import grade_model
from runner.grading.grade_model import Grade
from runner.grading.job import PackedJob
from runner.grading.snapshot import hash_lines
from runner.storage import atomic


def derive_grade_key(packed: PackedJob) -> str:
    """Return the name under which a job's grade is stored; it depends on everything that the grade depends on."""
    inputs = {
        **packed.hashes,
        "driver": packed.job.driver,
        "limits": repr(packed.job.limits),
        "version": __version__,
    }
    if packed.snapshot.problems:
        # The grade repeats them, and they do not all show in the files that were collected.
        inputs["problems"] = repr(packed.snapshot.problems)
    return hash_lines(f"{name}={inputs[name]}\n" for name in sorted(inputs)).removeprefix("sha256:")


def load_grade(key: str) -> Grade | None:
    """Return a stored grade; None if there is none, or if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        return grade_model.decode_grade_json(_grade_file(key).read_text("utf-8"))
    return None


def store_grade(key: str, grade: Grade) -> None:
    """Store a grade.

    Raises:
        OSError: It cannot be written.

    """
    file = _grade_file(key)
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_text(file, grade_model.encode_grade_json(grade))


def _grade_file(key: str) -> Path:
    return paths.state_folder() / "grades" / f"{key}.json"
