"""`labs verify --affected-by` and `--budget` in a real repository, with labs that run on real nodes."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.support import git_repository, helpers
from tests.support.git_repository import GitRepository
from tests.support.labs_command import LabsRunner

_LESSON = helpers.FRONT_MATTER + "## Make a file {#make}\n\n```sh node1\ntouch /root/made\n```\n"
_CHECKS = """
from checks import Nodes, expect_equal, step

@step("make")
def test_file_exists(nodes: Nodes) -> None:
    '''The file exists.'''
    names = nodes["node1"].run_command("ls", "/root").stdout
    expect_equal(nodes["node1"], names, b"EXPECTED\\n", of="the files in /root", see="ls /root")
"""
_FIXED = '[docker]\nlab = "sample-fixed"\nreason = "is small"\n'


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """Return a repository with a fixed lab, two small labs, and one that takes hours."""
    tree = tmp_path_factory.mktemp("tree")
    checks = _CHECKS.replace("EXPECTED", "made")
    for name in ("sample-fixed", "sample-one", "sample-two"):
        helpers.write_lab(tree, _LESSON, name=name, checks=checks)
    long_lesson = _LESSON.replace("minutes: 5", "minutes: 240")
    helpers.write_lab(tree, long_lesson, name="sample-long", checks=checks)
    (tree / "labs" / "fixed_labs.toml").write_text(_FIXED, "utf-8")
    return git_repository.create_repository(tree)


def _verify(
    labs: LabsRunner, repository: GitRepository, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = repository.folder / "report.json"
    variables = {"LABS_ROOT": str(repository.folder)}
    result = labs("verify", "--affected-by", "HEAD", "--report", str(report), *arguments, env=variables)
    assert report.exists(), result.stdout + result.stderr
    data = json.loads(report.read_text("utf-8"))
    report.unlink()
    return result, {lab.pop("lab"): lab for lab in data["labs"]}


def test_change_to_one_lesson(labs: LabsRunner, repository: GitRepository) -> None:
    """A change to one lesson proves that lab and the fixed lab of the driver, and nothing else."""
    file = repository.write_file("labs/sample-one/lesson.md", _LESSON + "\nAn additional paragraph.\n")
    result, verdicts = _verify(labs, repository)
    repository.run_git("checkout", "--", str(file))
    assert 0 == result.returncode, result.stdout + result.stderr
    assert "Proven: sample-fixed, sample-one." == result.stdout.splitlines()[-1]
    assert {
        "sample-fixed": ("proven", "always verified on docker: is small"),
        "sample-one": ("proven", "labs/sample-one/lesson.md changed"),
    } == {name: (lab["verdict"], lab["chosen_because"]) for name, lab in verdicts.items()}
    assert all(1 < lab["seconds"] and lab["assertions"] for lab in verdicts.values())


def test_change_to_all_labs(labs: LabsRunner, repository: GitRepository) -> None:
    """A change that affects all labs proves those that fit into the budget, and names those that fail or do not fit."""
    files = [
        repository.write_file("pyproject.toml"),
        repository.write_file("checks/test_sample_two.py", _CHECKS.replace("EXPECTED", "gone")),
    ]
    result, verdicts = _verify(labs, repository, "--budget", "1.5")
    files[0].unlink()
    repository.run_git("checkout", "--", str(files[1]))
    assert 3 == result.returncode, result.stdout + result.stderr
    *summary, reason = result.stdout.splitlines()[-4:]
    assert ["Proven: sample-fixed, sample-one.", "Failed: sample-two.", "Not proven: sample-long."] == summary
    assert reason.startswith("  sample-long: not started, because it takes about ")
    assert ["failed", "not_proven"] == [verdicts[name]["verdict"] for name in ("sample-two", "sample-long")]
    assert verdicts["sample-long"]["error"].startswith("not started, because it takes about")
    assert "pyproject.toml changed (it can affect all labs)" == verdicts["sample-long"]["chosen_because"]


def test_no_time(labs: LabsRunner, repository: GitRepository) -> None:
    """Without any time only the fixed lab is proven; the labs that were not started do not change the exit code."""
    file = repository.write_file("pyproject.toml")
    result, verdicts = _verify(labs, repository, "--budget", "0")
    file.unlink()
    assert 0 == result.returncode, result.stdout + result.stderr
    assert ["sample-fixed"] == [name for name, lab in verdicts.items() if lab["verdict"] == "proven"]
    names = ("sample-long", "sample-one", "sample-two")
    assert [
        f"Not proven: {', '.join(names)}.",
        *(f"  {name}: not started, because the time was over" for name in names),
    ] == result.stdout.splitlines()[-4:]
