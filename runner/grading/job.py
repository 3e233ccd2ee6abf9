"""What one grading process is asked to do, and what it answers; it travels as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
