"""Grading a batch on an executor: what is graded, what comes from stored grades, and what stops the batch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.errors import BrokenLabError, ExitCode, LabsError
from runner.grading.batch import BatchGrader, GradedSubmission
from runner.grading.executor import ExecutorError, StatusCallback
from runner.grading.grade_model import Grade
from runner.grading.job import Job, PackedJob
from runner.grading.resource_limits import ResourceLimits
from tests.support import helpers
from tests.support.sample_grades import ERROR, PASSED, make_grade

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
CHECKS = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It works.'''\n"


@dataclass
class FakeExecutor:
    """Returns a grade without running anything, and records its calls."""

    grade: Grade = field(default_factory=lambda: make_grade(PASSED))
    capacity: int = 2
    graded: list[str] = field(default_factory=list)
    is_interrupted: bool = False
    before: Callable[[PackedJob], None] = lambda _packed: None

    def grade_job(self, packed: PackedJob, on_status: StatusCallback) -> Grade:
        """Return the grade."""
        on_status("running")
        self.before(packed)
        self.graded.append(packed.job.submission_name)
        return self.grade

    def interrupt_jobs(self) -> None:
        """Record the interruption."""
        self.is_interrupted = True


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a lab and two submissions."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    for name in ("ada", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "submission.md").write_text(f"```sh node1\necho {name}\n```\n", "utf-8")
        (tmp_path / name / "notes.txt").write_text(f"notes of {name}", "utf-8")
    return tmp_path


def grade_all(tree: Path, executor: FakeExecutor, *names: str, force: bool = False) -> list[GradedSubmission]:
    """Grade submissions by their names."""
    jobs = [Job(tree / name, "tiny", "uml", ResourceLimits()) for name in names]
    return BatchGrader(executor, lambda _job, _line: None, force).grade_jobs(jobs, lambda _job, _grade: None)


def test_order(tree: Path) -> None:
    """Results are in the order of the jobs, each with its own name, folder, hashes and texts."""
    results = grade_all(tree, FakeExecutor(), "bob", "ada")
    assert ["bob", "ada"] == [result.grade.submission for result in results]
    assert [str(tree / "bob"), str(tree / "ada")] == [result.grade.folder for result in results]
    assert [("notes of bob",), ("notes of ada",)] == [result.texts for result in results]
    assert {"lab", "checks", "submission"} == set(results[0].grade.hashes)


def test_folder_of_nested_submission(tree: Path) -> None:
    """The folder of a grade is the one with submission.md, so that reports find the file."""
    (tree / "ada").rename(tree / "work")
    (tree / "ada").mkdir()
    (tree / "work").rename(tree / "ada" / "Work")
    (result,) = grade_all(tree, FakeExecutor(), "ada")
    assert ("ada", str(tree / "ada" / "Work")) == (result.grade.submission, result.grade.folder)


def test_stored_grade_of_other_files(tree: Path) -> None:
    """A grade is not that of a submission of which other files were left out, because it names these."""
    executor = FakeExecutor()
    grade_all(tree, executor, "ada")
    (tree / "ada" / "link").symlink_to("/etc/hostname")
    grade_all(tree, executor, "ada")
    assert ["ada", "ada"] == executor.graded


def test_notes_of_stored_grade(tree: Path) -> None:
    """The notes of a grade are those of this submission, even if the grade is that of another one."""
    grade_all(tree, FakeExecutor(), "ada")
    (tree / "ada" / "submission.md").rename(tree / "ada" / "Submission.md")
    executor = FakeExecutor()
    (result,) = grade_all(tree, executor, "ada")
    assert (("Submission.md was read as submission.md",), []) == (result.grade.notes, executor.graded)


def test_stored_grades(tree: Path) -> None:
    """A submission is graded again only if it has changed, or with force."""
    first, second, forced = FakeExecutor(), FakeExecutor(), FakeExecutor()
    grade_all(tree, first, "ada", "bob")
    (tree / "bob" / "notes.txt").write_text("changed", "utf-8")
    grade_all(tree, second, "ada", "bob")
    grade_all(tree, forced, "ada", "bob", force=True)
    assert (["ada", "bob"], ["bob"], ["ada", "bob"]) == (sorted(first.graded), second.graded, sorted(forced.graded))


def test_identical_submissions(tree: Path) -> None:
    """The same work is graded once, also with force, and counts for both learners."""
    for file in ("submission.md", "notes.txt"):
        (tree / "bob" / file).write_bytes((tree / "ada" / file).read_bytes())
    executor = FakeExecutor()
    results = grade_all(tree, executor, "ada", "bob", force=True)
    assert 1 == len(executor.graded)
    assert ["ada", "bob"] == [result.grade.submission for result in results]


def test_incomplete_grades_are_not_stored(tree: Path) -> None:
    """A submission whose checks could not run is graded again next time."""
    executor = FakeExecutor(make_grade(PASSED, ERROR))
    grade_all(tree, executor, "ada")
    grade_all(tree, executor, "ada")
    assert ["ada", "ada"] == executor.graded


def test_lab_changes_meanwhile(tree: Path) -> None:
    """A grade is not stored if the lab was edited while the submission was graded."""
    (tree / "labs" / "tiny" / "files").mkdir()

    def edit_lab(_packed: PackedJob) -> None:
        (tree / "labs" / "tiny" / "files" / "new").touch()

    executor = FakeExecutor(before=edit_lab)
    grade_all(tree, executor, "ada")
    (tree / "labs" / "tiny" / "files" / "new").unlink()
    grade_all(tree, executor, "ada")
    assert ["ada", "ada"] == executor.graded


def test_submission_changes_meanwhile(tree: Path) -> None:
    """A submission that is edited while it is graded gets the grade of its snapshot, under the snapshot's hash."""

    def edit_submission(packed: PackedJob) -> None:
        (packed.job.folder / "submission.md").write_text("edited", "utf-8")
        assert b"echo ada" in packed.snapshot.text

    (first,) = grade_all(tree, FakeExecutor(before=edit_submission), "ada")
    (tree / "ada" / "submission.md").write_text("```sh node1\necho ada\n```\n", "utf-8")
    unused = FakeExecutor()
    assert [first] == grade_all(tree, unused, "ada")
    assert [] == unused.graded


def test_failure_of_one_submission(tree: Path) -> None:
    """An unexpected error fails one submission only."""

    def fail(packed: PackedJob) -> None:
        if packed.job.submission_name == "ada":
            raise ValueError("unexpected")

    ada, bob = grade_all(tree, FakeExecutor(before=fail), "ada", "bob")
    assert ("ValueError: unexpected", "") == (ada.grade.trouble, bob.grade.trouble)


@pytest.mark.parametrize(
    "error", [BrokenLabError("The lab is broken.", "Fix it."), ExecutorError("No worker.", "Add.")]
)
def test_error_that_stops_the_batch(error: LabsError, tree: Path) -> None:
    """A broken lab, or an executor that cannot grade, stops the batch and all running gradings."""

    def fail(_packed: PackedJob) -> None:
        raise error

    executor = FakeExecutor(before=fail, capacity=1)
    with pytest.raises(type(error)):
        grade_all(tree, executor, "ada", "bob")
    assert executor.is_interrupted


def test_worker_whose_parent_is_gone(tree: Path) -> None:
    """A grading process whose parent was killed exits, and removes the unpacked files."""
    folder = tree / "labs-grade-x"
    folder.mkdir()
    argv = [sys.executable, "-m", "runner.grading.local_worker", str(folder), "99999999"]
    result = subprocess.run(argv, cwd=helpers.CHECKOUT, check=False)
    assert (ExitCode.INTERRUPTED, False) == (result.returncode, folder.exists())
