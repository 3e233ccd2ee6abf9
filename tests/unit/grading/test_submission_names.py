"""The names under which a `submission.md` arrives."""

from __future__ import annotations

import pytest

from runner.grading import submission_names


@pytest.mark.parametrize("name", ["submission.md", "Submission.md", "SUBMISSION.MD", "submission.md "])
def test_names(name: str) -> None:
    """Capitals and spaces at the end do not make it another name."""
    assert submission_names.is_submission_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "SUBMISSION.md",
        "submission (1).md",
        "submission-1.md",
        "submission_ada.md",
        "ada-submission.md",
        "Copy of submission.md",
        "submission.md.txt",
        "submission.md.md",
        "submission.txt",
        "submission.markdown",
        "submission",
        "submissions.md",
        "submision.md",
        "sumbission.md",
        "\uff53ubmission.md",
    ],
)
def test_near_names(name: str) -> None:
    """What browsers, editors and people make of the name is recognized, and differs from the name."""
    assert submission_names.is_near_submission_name(name)
    assert not submission_names.is_submission_in_other_format(name)


@pytest.mark.parametrize(
    "name",
    [
        "submission.md",
        "permission.md",
        "admission.txt",
        "README.md",
        "submission.yml",
        "submission.sh",
        ".submission.md",
    ],
)
def test_other_names(name: str) -> None:
    """The right name and the names of other files are not near."""
    assert not submission_names.is_near_submission_name(name)


@pytest.mark.parametrize("name", ["submission.docx", "Submission (1).PDF", "ada_submission.html"])
def test_other_formats(name: str) -> None:
    """A submission in a format that is not text is recognized, so that it can be named."""
    assert submission_names.is_submission_in_other_format(name)
    assert not submission_names.is_near_submission_name(name)
