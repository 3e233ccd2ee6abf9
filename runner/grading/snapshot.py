"""A submission on its way to another machine, with all that it is graded by but the lab, which lies there too."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from runner.grading.collect import SUBMISSION_FILE, take
from runner.grading.job import Job


@dataclass(frozen=True, slots=True)
class Parcel:
    """A job whose files travel with it.

    Attributes:
        job: The job; its paths are names only.
        files: All that was taken of the submission: name, mode and content of each file.
        hidden: The content of the file with hidden checks, if there is one.

    """

    job: Job
    files: tuple[tuple[str, int, bytes], ...]
    hidden: bytes = b""

    def unpack(self, folder: Path) -> Job:
        """Write all files into an empty folder, and return the job that finds them there."""
        submission = folder / "submission" / self.job.folder
        submission.mkdir(parents=True)
        for name, mode, content in self.files:
            path = submission / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
        hidden = folder / self.job.hidden if self.job.hidden else None
        if hidden:
            hidden.write_bytes(self.hidden)
        return replace(self.job, folder=submission, hidden=hidden)


def pack(job: Job) -> Parcel:
    """Take in of a submission what its limits allow, as grading it here would; what is left out its grade will tell."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        taken = take(job.folder, root, job.limits)
        found = [(path, path.stat().st_mode & 0o777) for path in sorted(root.rglob("*")) if path.is_file()]
        files = [(str(path.relative_to(root)), mode, path.read_bytes()) for path, mode in found]
    if taken.text:
        files.append((SUBMISSION_FILE, 0o644, taken.text))
    left_out = tuple((str(one.path.relative_to(job.folder)), one.line, one.message) for one in taken.problems)
    hidden = Path(job.hidden.name) if job.hidden else None
    named = replace(job, folder=Path(job.name), hidden=hidden, left_out=left_out)
    return Parcel(named, tuple(files), job.hidden.read_bytes() if job.hidden else b"")
