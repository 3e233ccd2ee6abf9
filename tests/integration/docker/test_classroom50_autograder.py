"""The autograder.py for Classroom 50, started as its runner does in a student's checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import autograder_report_readers, ci_runners
from tests.support.labs_command import LabsRunner
from tests.support.ladder_submissions import SWARM_BLOCK, write_submissions

# The environment variables that the runner sets for every autograder.
RUNNER_VARIABLES = {
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
    """Return the folder that an instructor commits to the classroom's repository."""
    folder = tmp_path_factory.mktemp("runtime") / "ladder"
    result = labs("grade", "bundle", "classroom50", "--lab", "ladder", "--seed", "autumn", "--out", str(folder))
    assert 0 == result.returncode, result.stderr
    return folder


def test_result(bundle: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """It exits with 0 and writes a valid result.json; files in the checkout replace neither results nor programs."""
    checkout = write_submissions(tmp_path, {"checkout": SWARM_BLOCK}) / "checkout"
    (checkout / "result.json").write_text('{"score": 100}', "utf-8")
    for name in ("venv.py", "json.py", "runner.py"):
        (checkout / name).write_text("raise SystemExit('imported from the checkout')\n", "utf-8")
    ci_runners.commit_all(checkout)
    variables = (
        RUNNER_VARIABLES
        | ci_runners.REUSE_INSTALLED_PACKAGES
        | {"CLASSROOM50_BUNDLE_DIR": str(bundle), "LABS_ROOT": "/nonexistent"}
    )
    run = ci_runners.run_command([sys.executable, str(bundle / "autograder.py")], checkout, environment, **variables)
    assert 0 == run.returncode, run.stdout + run.stderr
    result = autograder_report_readers.read_classroom50(checkout / "result.json")
    assert (1, 4, "ada", "ladder") == (result["score"], result["max-score"], result["owner"], result["assignment"])
    release_body = (checkout / "release-body.md").read_text("utf-8")
    assert "1 of 4" in release_body
    assert r"Values for ada\: LAST is sixth" in release_body


def test_no_engine(bundle: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """If nothing can be graded, it exits with another status and leaves no result, not even a student's own file."""
    (tmp_path / "result.json").write_text('{"score": 100}', "utf-8")
    variables = RUNNER_VARIABLES | ci_runners.REUSE_INSTALLED_PACKAGES | {"DOCKER_HOST": "unix:///nonexistent.sock"}
    result = ci_runners.run_command([sys.executable, str(bundle / "autograder.py")], tmp_path, environment, **variables)
    assert 4 == result.returncode, result.stdout + result.stderr
    assert not (tmp_path / "result.json").exists()
