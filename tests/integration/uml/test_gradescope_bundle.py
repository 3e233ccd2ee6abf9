"""The bundle for Gradescope, unpacked and run as on Gradescope, with VMs."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support import autograder_report_readers, ci_runners
from tests.support.labs_command import LabsRunner
from tests.support.ladder_submissions import HIDDEN_CHECK, SWARM_BLOCK, THIRD_BLOCK, VOLUMES_BLOCK


class Autograder:
    """Gradescope's folder /autograder, in a temporary folder."""

    def __init__(self, root: Path, bundle: Path, environment: dict[str, str]) -> None:
        self.root, self._environment = root, environment
        (root / "source").mkdir(parents=True)
        subprocess.run(["python3", "-m", "zipfile", "-e", bundle, root / "source"], check=True)
        # As on Gradescope, programs are executable; Python's zipfile does not restore their permissions.
        for entry in zipfile.ZipFile(bundle).infolist():
            (root / "source" / entry.filename).chmod(entry.external_attr >> 16)
        (root / "run_autograder").write_bytes((root / "source" / "run_autograder").read_bytes())
        (root / "run_autograder").chmod(0o755)

    def run(self, program: str) -> subprocess.CompletedProcess[str]:
        """Run one of the two programs."""
        return ci_runners.run_command(
            [str(self.root / program)],
            self.root,
            self._environment,
            AUTOGRADER_ROOT=str(self.root),
            **ci_runners.REUSE_INSTALLED_PACKAGES,
        )

    def grade(self, text: str, name: str = "submission.md") -> tuple[dict[str, Any], str]:
        """Grade a submission, and return the results and the output that the instructor sees."""
        file = self.root / "submission" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        users = [{"email": "ada@example.com", "id": 1, "name": "Ada"}]
        (self.root / "submission_metadata.json").write_text(json.dumps({"id": 7, "users": users}), "utf-8")
        (self.root / "results").mkdir(exist_ok=True)
        (self.root / "results" / "results.json").unlink(missing_ok=True)
        result = self.run("run_autograder")
        assert 0 == result.returncode, result.stderr
        return autograder_report_readers.read_gradescope(
            self.root / "results" / "results.json"
        ), result.stdout + result.stderr


@pytest.fixture(scope="module")
def autograder(
    uml_labs: LabsRunner, uml_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Autograder:
    """Build the bundle, unpack it and run its setup."""
    folder = tmp_path_factory.mktemp("gradescope")
    (folder / "hidden").mkdir()
    (folder / "hidden" / "test_ladder.py").write_text(HIDDEN_CHECK, "utf-8")
    arguments = ("grade", "bundle", "gradescope", "--lab", "ladder", "--checks", str(folder / "hidden"))
    result = uml_labs(*arguments, "--out", str(folder / "a.zip"))
    assert 0 == result.returncode, result.stderr
    # The bundle contains the lab, which must not be looked for in the tests' tree.
    unpacked = Autograder(folder / "autograder", folder / "a.zip", uml_environment | {"LABS_ROOT": "/nonexistent"})
    result = unpacked.run("source/setup.sh")
    assert 0 == result.returncode, result.stdout + result.stderr
    # The VMs' supervisor does not inherit PYTHONPATH.
    (packages,) = (unpacked.root / "labs" / "lib").glob("python*/site-packages")
    (packages / "reused.pth").write_text(f"{ci_runners.REUSE_INSTALLED_PACKAGES['PYTHONPATH']}\n", "utf-8")
    return unpacked


def test_grade(autograder: Autograder) -> None:
    """A submission gets its score, hidden checks count without details, and only the instructor sees the name."""
    results, output = autograder.grade(SWARM_BLOCK + VOLUMES_BLOCK + THIRD_BLOCK, "swarm-basics/submission.md")
    assert "score" in results, output
    assert (7, [1, 1, 1, 1, 3]) == (results["score"], [test["max_score"] for test in results["tests"]])
    assert "Hidden check 1" == results["tests"][-1]["name"]
    assert "ada@example.com: 7 of 7 points" in output
    assert {"ada", "nobody"} & {*json.dumps(results).lower().replace("@", " ").split()} == set()


def test_grading_error(autograder: Autograder) -> None:
    """If labs itself cannot grade, there is no score, which Gradescope shows as a failed autograder."""
    settings = autograder.root / "source" / "settings.sh"
    text = settings.read_text("utf-8")
    try:
        settings.write_text(text.replace("uml", "docker"), "utf-8")
        results, output = autograder.grade(SWARM_BLOCK)
    finally:
        settings.write_text(text, "utf-8")
    assert set() == {"score", "tests"} & set(results)
    assert "not the fault of your work" in results["output"]
    assert "labs grade exited with 4." in output
