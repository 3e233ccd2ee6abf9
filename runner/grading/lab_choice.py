"""Choose the lab that a submission is graded for, or explain why it cannot be graded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import SUBMISSION_FILE
from runner.grading.submission_reader import OpenSubmission, open_submission

_LAB_ADVICE = "Use '--lab LAB', or write 'lab: LAB' into its front matter. 'labs list' shows the labs."


@dataclass(frozen=True, slots=True)
class LabChoice:
    """The lab of one submission.

    Attributes:
        lab: The lab; empty if neither the user nor the submission names one.
        problem: Why the submission cannot be graded; empty if it can.
        advice: What to do about that.

    """

    lab: str
    problem: str = ""
    advice: str = ""


def choose_lab(path: Path, limits: ResourceLimits, requested_lab: str | None) -> LabChoice:
    """Return the lab of a submission; only its `submission.md` is read.

    Args:
        path: The submission: a folder, an archive, or a `submission.md`.
        limits: The maximum size of `submission.md`.
        requested_lab: The lab that the user named; None if the front matter names it.

    """
    try:
        with open_submission(path, limits, requested_lab) as submission:
            if requested_lab:
                return LabChoice(requested_lab)
            return _read_lab(submission)
    except UsageError as error:
        return LabChoice(requested_lab or "", error.message, error.advice)
    except OSError as error:
        return LabChoice(
            requested_lab or "", f"Cannot read the submission: {error.strerror or error}.", "Check its permissions."
        )


def _read_lab(submission: OpenSubmission) -> LabChoice:
    if submission.text is None:
        return LabChoice("", f"{SUBMISSION_FILE}: {submission.problems[0].message}.", _LAB_ADVICE)
    claim = submission.text.claim
    problem = f"{submission.text.shown_path}: {claim.problem}" if claim.problem else ""
    return LabChoice(claim.lab if not problem else "", problem, _LAB_ADVICE if problem else "")
