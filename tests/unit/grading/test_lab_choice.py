"""Choosing the lab of a submission, and explaining why it cannot be graded."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.grading.lab_choice import LabChoice, choose_lab
from runner.grading.resource_limits import ResourceLimits

ADVICE = "Use '--lab LAB', or write 'lab: LAB' into its front matter. 'labs list' shows the labs."
SECRETS = "---\nLab: Secrets\n---\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder of a learner."""
    folder = tmp_path / "ada"
    folder.mkdir()
    return folder


def write_submission(folder: Path, path: str, text: str = SECRETS) -> None:
    """Write a submission.md."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, "utf-8")


def choose(folder: Path, requested_lab: str | None = None) -> LabChoice:
    """Choose the lab of a submission."""
    return choose_lab(folder, ResourceLimits(), requested_lab)


@pytest.mark.parametrize("path", ["submission.md", "my work/Submission.md"])
def test_lab_in_front_matter(path: str, folder: Path) -> None:
    """The front matter names the lab, wherever the file is."""
    write_submission(folder, path)
    assert LabChoice("secrets") == choose(folder)


def test_requested_lab(folder: Path) -> None:
    """The lab that the user names counts, whatever the front matter says, and even without a submission."""
    assert LabChoice("swarm-basics") == choose(folder, "swarm-basics")
    write_submission(folder, "submission.md", "---\nlab: nolab\n---\n")
    assert LabChoice("swarm-basics") == choose(folder, "swarm-basics")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "work/Submission.md: it does not say which lab it is for; start submission.md with"),
        (
            "---\nlab: secret\n---\n",
            "work/Submission.md: its front matter names the lab 'secret', which does not exist.",
        ),
        ("---\nlab: [\n---\n", "work/Submission.md: line 2: the front matter is not valid YAML:"),
    ],
)
def test_no_lab(text: str, problem: str, folder: Path) -> None:
    """Without a lab, the problem names the file as the learner knows it, and the advice says what to type."""
    write_submission(folder, "work/Submission.md", text)
    choice = choose(folder)
    assert ("", problem, ADVICE) == (choice.lab, choice.problem[: len(problem)], choice.advice)


def test_no_submission(folder: Path) -> None:
    """Without a submission, the problem names what there is."""
    (folder / "report.pdf").touch()
    problem = "submission.md: the file is missing; the folder contains: report.pdf."
    assert LabChoice("", problem, ADVICE) == choose(folder)


@pytest.mark.parametrize("lab", [None, "secrets"])
def test_several_submissions(lab: str | None, folder: Path) -> None:
    """A submission of which several files could be graded is not graded, even if the user names the lab."""
    for path in ("a/submission.md", "b/submission.md"):
        write_submission(folder, path)
    choice = choose(folder, lab)
    assert (lab or "", "2 files could be its submission.md: a/submission.md, b/submission.md.") == (
        choice.lab,
        choice.problem,
    )
    assert "'labs grade PATH/a/submission.md'" in choice.advice


def test_damaged_archive(folder: Path) -> None:
    """An archive that cannot be read is named."""
    (folder / "work.zip").write_bytes(b"no archive")
    assert choose(folder, "secrets").problem.startswith("Cannot read the archive work.zip: it is damaged")


def test_missing_folder(folder: Path) -> None:
    """A folder that disappeared is a problem of this submission only."""
    assert choose(folder / "none").problem.startswith("Cannot read the submission: No such file")
