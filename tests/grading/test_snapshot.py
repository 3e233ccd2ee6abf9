"""A submission that travels is read as it would be where it lies."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from runner.grading import submission
from runner.grading.job import Job
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import pack
from runner.lessons.model import Lab
from runner.storage import codec
from tests import helpers

LESSON = f"{helpers.FRONT}## Look {{#look}}\n"


def test_reads_the_same(tmp_path: Path) -> None:
    """Blocks, files with their modes, and all that is wrong are the same, whatever was left out on the way."""
    lab = helpers.lab(tmp_path / "tree", LESSON)
    ada = tmp_path / "ada"
    (ada / "app").mkdir(parents=True)
    (ada / "submission.md").write_text("```sh node1\ntrue\n```\n```sh node9\ntrue\n```\n", "utf-8")
    (ada / "app" / "run").write_bytes(b"\xff\0")
    (ada / "app" / "run").chmod(0o700)
    Path(os.fsdecode(bytes(ada / "app") + b"/\xe9")).write_text("a name of old", "utf-8")
    (ada / "app" / "linked").symlink_to("run")
    (ada / "shadow").symlink_to("/etc/shadow")
    (ada / "large").write_bytes(bytes(2000))
    assert_same(Job(ada, "tiny", "docker", replace(ResourceLimits(), file_bytes=1000)), lab, tmp_path, 3)


def test_no_text(tmp_path: Path) -> None:
    """Why there is no text is told as where it lies: it is missing, or it is too large."""
    lab = helpers.lab(tmp_path / "tree", LESSON)
    for name, size in (("missing", None), ("large", 2000), ("empty", 0)):
        folder = tmp_path / name
        folder.mkdir()
        if size is not None:
            (folder / "submission.md").write_bytes(bytes(size))
        assert_same(
            Job(folder, "tiny", "docker", replace(ResourceLimits(), text_bytes=1000)), lab, tmp_path / f"of-{name}", 1
        )


def test_hidden_checks(tmp_path: Path) -> None:
    """The file with hidden checks travels along."""
    (tmp_path / "ada").mkdir()
    (tmp_path / "test_tiny.py").write_text("hidden", "utf-8")
    given = Job(tmp_path / "ada", "tiny", "docker", ResourceLimits(), tmp_path / "test_tiny.py")
    there = pack(given).unpack(tmp_path / "there").hidden
    assert there
    assert ("test_tiny.py", "hidden") == (there.name, there.read_text("utf-8"))


def assert_same(given: Job, lab: Lab, root: Path, problems: int) -> None:
    """Read a submission where it lies and where it was unpacked; there must be as many problems."""
    there = codec.decode_json(codec.encode_json(pack(given).unpack(root / "there")), Job)
    found = []
    for number, one in enumerate((given, there)):
        scratch = root / f"scratch-{number}"
        scratch.mkdir(parents=True)
        read = submission.parse_submission(one.folder, lab, scratch, one.limits, one.left_out)
        found.append(replace(read, files=Path()))
    assert found[0] == found[1]
    assert problems == len(found[0].problems)
