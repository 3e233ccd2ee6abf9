"""A grading job: a submission and its settings. A packed job contains all files, and can be sent to another host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from runner import paths
from runner.errors import UsageError
from runner.grading import collect, submission_reader
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import Snapshot, UnpackedSnapshot, format_hash_line, hash_files, hash_lines
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER, Learner


@dataclass(frozen=True, slots=True)
class Job:
    """One submission to grade.

    Attributes:
        folder: The submission, as the user named it.
        lab: The name of the lab it is for.
        driver: The name of the driver.
        limits: The resources that it may use.
        hidden_checks: A file with checks that students may not see, if there is one.
        learner: The learner whose values the lab has.
        name: The submission's name in reports; that of its folder if it is empty.

    """

    folder: Path
    lab: str
    driver: str
    limits: ResourceLimits
    hidden_checks: Path | None = None
    learner: Learner = NO_LEARNER
    name: str = ""

    @property
    def submission_name(self) -> str:
        """The submission's name in reports."""
        return self.name or submission_reader.name_submission(self.folder)


@dataclass(frozen=True, slots=True)
class UnpackedJob:
    """A job whose files are on disk; a grading process reads it as JSON.

    Attributes:
        job: The job; its hidden checks are the unpacked copy.
        snapshot: The submission.

    """

    job: Job
    snapshot: UnpackedSnapshot


@dataclass(frozen=True, slots=True)
class PackedJob:
    """A job with the contents of all files that belong to it, except for the lab, which exists everywhere.

    Attributes:
        job: The job.
        snapshot: The submission.
        hidden_checks: The content of the file with hidden checks; empty if there is none.
        hashes: The hashes of everything that the grade depends on, by the names 'lab', 'checks', 'submission', 'hidden'
            (if there are hidden checks) and 'values' (if the learner has values).

    """

    job: Job
    snapshot: Snapshot
    hidden_checks: bytes
    hashes: Mapping[str, str]

    def unpack_into_folder(self, folder: Path) -> UnpackedJob:
        """Write all files into an empty folder.

        Raises:
            OSError: They cannot be written.

        """
        snapshot = self.snapshot.unpack_into_folder(folder)
        hidden_checks = folder / self.job.hidden_checks.name if self.job.hidden_checks else None
        if hidden_checks:
            hidden_checks.write_bytes(self.hidden_checks)
        return UnpackedJob(replace(self.job, hidden_checks=hidden_checks), snapshot)


def pack_job(job: Job) -> PackedJob:
    """Collect a job's files, and hash everything that its grade depends on.

    Raises:
        OSError: The submission's folder or the hidden checks cannot be read.
        BrokenLabError: The lab's lesson has problems.

    """
    snapshot = collect.read_submission_snapshot(job.folder, job.limits, job.lab)
    hashes = {**hash_lab_and_checks(job.lab, job.learner), "submission": snapshot.digest}
    hidden_checks = b""
    if job.hidden_checks:
        hidden_checks = job.hidden_checks.read_bytes()
        hashes["hidden"] = hash_lines([format_hash_line(job.hidden_checks.name, hidden_checks, is_executable=False)])
    return PackedJob(job, snapshot, hidden_checks, hashes)


def hash_lab_and_checks(lab_name: str, learner: Learner) -> dict[str, str]:
    """Return the hashes of a lab's folder, of its checks with the modules they use, and of a learner's values if any.

    Raises:
        BrokenLabError: The lab's lesson has problems.

    """
    lab = catalog.load_lab(lab_name, learner)
    check_modules = [path for path in paths.checks_folder().glob("*.py") if not path.name.startswith("test_")]
    hashes = {
        "lab": hash_files(lab.folder, lab.folder.rglob("*")),
        "checks": hash_files(paths.checks_folder(), [paths.checks_file(lab_name), *check_modules]),
    }
    if learner and lab.values:
        hashes["values"] = hash_lines(f"{name}={value}\n" for name, value in sorted(lab.values.items()))
    return hashes


def find_hidden_checks_file(folder: Path | None, lab: str) -> Path | None:
    """Return the file with a lab's hidden checks in an instructor's folder; None if no folder is given.

    Raises:
        UsageError: The folder has no such file.

    """
    if folder is None:
        return None
    file = folder / paths.checks_file(lab).name
    if not file.is_file():
        raise UsageError(f"{file} does not exist.", f"'--checks' takes a folder with a file {file.name}.")
    return file
