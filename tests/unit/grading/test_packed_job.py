"""Snapshots and packed jobs: a submission is graded from its snapshot as it would be from its folder."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from runner.grading.job import Job, PackedJob, UnpackedJob, pack_job
from runner.grading.resource_limits import ResourceLimits
from runner.grading.submission import Submission, parse_submission
from runner.lessons.model import Lab
from runner.storage import codec
from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Return the lab that the submissions are for."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    return helpers.make_lab(tmp_path, LESSON)


def send_job(job: Job, folder: Path) -> UnpackedJob:
    """Pack a job, send it as Dask does, unpack it, and read it as a grading process does."""
    folder.mkdir()
    packed: PackedJob = pickle.loads(pickle.dumps(pack_job(job)))
    return codec.decode_json(codec.encode_json(packed.unpack_into_folder(folder)), UnpackedJob)


def send_and_parse(job: Job, lab: Lab, folder: Path) -> Submission:
    """Parse a submission after it was sent."""
    return parse_submission(send_job(job, folder).snapshot, lab)


def test_files(lab: Lab, tmp_path: Path) -> None:
    """Blocks, files with their modes, and all problems survive, whatever the names and contents."""
    ada = tmp_path / "ada"
    (ada / "app").mkdir(parents=True)
    (ada / "submission.md").write_text("```sh node1\ntrue\n```\n```sh node9\ntrue\n```\n", "utf-8")
    (ada / "app" / "run").write_bytes(b"\xff\0")
    (ada / "app" / "run").chmod(0o700)
    latin1_name = os.fsdecode(b"app/\xe9")
    (ada / latin1_name).write_text("a name in Latin-1", "utf-8")
    (ada / "app" / "linked").symlink_to("run")
    (ada / "shadow").symlink_to("/etc/shadow")
    (ada / "large").write_bytes(bytes(2000))
    job = Job(ada, "tiny", "docker", replace(ResourceLimits(), file_bytes=1000))
    submission = send_and_parse(job, lab, tmp_path / "there")
    assert "ada" == submission.name
    assert [(), ("there is no node 'node9'",)] == [block.problems for block in submission.blocks]
    assert ["large", "shadow", "submission.md"] == sorted(line.partition(":")[0] for line in submission.problems)
    copies = {path for path in submission.files_folder.rglob("*") if path.is_file()}
    assert {"app/run", "app/linked", latin1_name} == {str(path.relative_to(submission.files_folder)) for path in copies}
    run = submission.files_folder / "app" / "run"
    assert (b"\xff\0", 0o755) == (run.read_bytes(), run.stat().st_mode & 0o7777)
    assert pack_job(job).hashes["submission"] == submission.digest


def test_no_text(lab: Lab, tmp_path: Path) -> None:
    """The reason why there is no text is reported: it is missing, too large or empty."""
    reasons = {
        "missing": (None, "submission.md:1: the file is missing; the folder is empty"),
        "large": (2000, "submission.md:1: too large; at most 0 kB are allowed here"),
        "empty": (0, "submission.md:1: has no shell block; a block starts with its node: ```sh node1"),
    }
    for name, (size, reason) in reasons.items():
        folder = tmp_path / name
        folder.mkdir()
        if size is not None:
            (folder / "submission.md").write_bytes(bytes(size))
        job = Job(folder, "tiny", "docker", replace(ResourceLimits(), text_bytes=1000))
        assert (reason,) == send_and_parse(job, lab, tmp_path / f"sent-{name}").problems


@pytest.mark.usefixtures("lab")
def test_hidden_checks(tmp_path: Path) -> None:
    """The file with hidden checks is sent too."""
    (tmp_path / "ada").mkdir()
    (tmp_path / "test_tiny.py").write_text("hidden", "utf-8")
    job = Job(tmp_path / "ada", "tiny", "docker", ResourceLimits(), tmp_path / "test_tiny.py")
    sent = send_job(job, tmp_path / "there").job.hidden_checks
    assert sent
    assert ("test_tiny.py", "hidden") == (sent.name, sent.read_text("utf-8"))
    assert tmp_path / "test_tiny.py" != sent
    assert "hidden" in pack_job(job).hashes
