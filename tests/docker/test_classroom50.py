"""Classroom 50's autograder.py, started as its runner starts it, in a student's checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import ci_runners
from tests.conftest import LabsRunner
from tests.grading import readers
from tests.ladder_submissions import SWARM, write

# What the runner tells every autograder.
TOLD = {
    "CLASSROOM": "cs-1",
    "ASSIGNMENT": "ladder",
    "ASSIGNMENT_TYPE": "individual",
    "SUBMISSION_TAG": "submit/2026-11-02T10-00-00Z-a1b2c3d",
    "USERNAME": "ada",
    "OWNER": "ada",
    "COMMIT_URL": "https://github.com/o/cs-1-ladder-ada/commit/a1b2c3d",
    "RELEASE_URL": "https://github.com/o/cs-1-ladder-ada/releases/tag/x",
    "REVIEW_URL": "https://github.com/o/cs-1-ladder-ada/compare/0...1",
}


@pytest.fixture(scope="module")
def bundle(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that is committed to the repository of the classroom."""
    folder = tmp_path_factory.mktemp("runtime") / "ladder"
    done = labs("grade", "bundle", "classroom50", "--lab", "ladder", "--seed", "autumn", "--out", str(folder))
    assert 0 == done.returncode, done.stderr
    return folder


def test_result(bundle: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """It ends with 0 and a sound result.json; nothing in the checkout is taken for a result or for a program."""
    checkout = write(tmp_path, {"checkout": SWARM}) / "checkout"
    (checkout / "result.json").write_text('{"score": 100}', "utf-8")
    for name in ("venv.py", "json.py", "runner.py"):
        (checkout / name).write_text("raise SystemExit('taken for the real one')\n", "utf-8")
    ci_runners.commit_all(checkout)
    told = (
        TOLD
        | ci_runners.REUSE_INSTALLED_PACKAGES
        | {"CLASSROOM50_BUNDLE_DIR": str(bundle), "LABS_ROOT": "/nonexistent"}
    )
    done = ci_runners.run_command([sys.executable, str(bundle / "autograder.py")], checkout, environment, **told)
    assert 0 == done.returncode, done.stdout + done.stderr
    result = readers.classroom50(checkout / "result.json")
    assert (1, 4, "ada", "ladder") == (result["score"], result["max-score"], result["owner"], result["assignment"])
    told_to_ada = (checkout / "release-body.md").read_text("utf-8")
    assert "1 of 4" in told_to_ada
    assert r"For ada\: LAST is sixth" in told_to_ada


def test_trouble(bundle: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Where nothing could be graded it ends with something else, and leaves no result, not even a student's own."""
    (tmp_path / "result.json").write_text('{"score": 100}', "utf-8")
    told = TOLD | ci_runners.REUSE_INSTALLED_PACKAGES | {"DOCKER_HOST": "unix:///nonexistent.sock"}
    done = ci_runners.run_command([sys.executable, str(bundle / "autograder.py")], tmp_path, environment, **told)
    assert 4 == done.returncode, done.stdout + done.stderr
    assert not (tmp_path / "result.json").exists()
