"""What one grading process is asked to do, and what it answers; it travels as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runner import paths
from runner.errors import UsageError
from runner.grading.resource_limits import ResourceLimits
from runner.lessons.learner_values import NO_LEARNER, Learner


@dataclass(frozen=True, slots=True)
class Job:
    """One submission to grade.

    Attributes:
        folder: The submission.
        lab: The name of the lab it is for.
        driver: The name of the driver.
        limits: What it may take.
        hidden: A file with checks that students may not see, if there is one.
        learner: Whose values it must have.
        left_out: What was left out where it was packed, as file, line and reason; None if all of it lies here.

    """

    folder: Path
    lab: str
    driver: str
    limits: ResourceLimits
    hidden: Path | None = None
    learner: Learner = NO_LEARNER
    left_out: tuple[tuple[str, int, str], ...] | None = None

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.resolve().name

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**asdict(self), "folder": str(self.folder), "hidden": str(self.hidden) if self.hidden else None}


def find_hidden_checks(folder: Path | None, lab: str) -> Path | None:
    """Return the file with a lab's further checks in an instructor's folder; none where there is no folder.

    Raises:
        UsageError: The folder has none for this lab.

    """
    if folder is None:
        return None
    file = folder / paths.checks_file(lab).name
    if not file.is_file():
        raise UsageError(f"There is no {file}.", f"'--checks' names a folder that holds {file.name}.")
    return file


def read(data: Mapping[str, Any]) -> Job:
    """Return the job that data tell."""
    hidden = Path(data["hidden"]) if data["hidden"] else None
    left_out = data["left_out"] if data["left_out"] is None else tuple((*one,) for one in data["left_out"])
    learner = Learner(**data["learner"])
    return Job(
        Path(data["folder"]), data["lab"], data["driver"], ResourceLimits(**data["limits"]), hidden, learner, left_out
    )
