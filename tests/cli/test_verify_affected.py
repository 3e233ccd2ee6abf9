"""`labs verify --affected-by` as a command, on a host where no driver works, so that nothing is started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import git_repository, helpers
from tests.support.git_repository import GitRepository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """Return a repository with two labs."""
    tree = tmp_path / "tree"
    for name in ("tiny", "wide"):
        helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", name=name, checks="import json\n")
    return git_repository.create_repository(tree)


def _verify(repository: GitRepository, *arguments: str) -> subprocess.CompletedProcess[str]:
    tree = repository.folder
    # The caches of labs are in the parent folder, so that they are not new files of the repository.
    return helpers.run_labs(tree.parent, "verify", *arguments, LABS_ROOT=str(tree), LABS_DRIVER="docker")


def test_affected_lab(repository: GitRepository) -> None:
    """The affected lab is named with the reason before anything starts; without an engine it exits with 4."""
    repository.write_file("labs/tiny/setup.sh", "true\n")
    result = _verify(repository, "--affected-by", "HEAD")
    assert (4, "") == (result.returncode, result.stdout)
    assert [
        "Verifying 1 of 2 labs for the changes since HEAD:",
        "  tiny: labs/tiny/setup.sh changed",
    ] == result.stderr.splitlines()[:2]


def test_no_affected_lab(repository: GitRepository) -> None:
    """If nothing is affected, and the labs have no fixed labs, that is all, and the report is empty."""
    repository.write_file("README.md")
    result = _verify(repository, "--affected-by", "HEAD", "--report", "report.json")
    assert (0, "", "The changes since HEAD affect no lab.\n") == (result.returncode, result.stdout, result.stderr)
    assert '"labs": []' in (repository.folder.parent / "report.json").read_text("utf-8")


def test_unknown_revision(repository: GitRepository) -> None:
    """A revision that git does not know is a usage error, and starts nothing."""
    result = _verify(repository, "--affected-by", "origin/main")
    assert (2, "") == (result.returncode, result.stdout)
    assert result.stderr.startswith("git knows no commit 'origin/main'")
    assert "'git fetch'" in result.stderr


def test_no_time(repository: GitRepository) -> None:
    """Even with a budget, a host without an engine is an error, and not a lab for which there was no time."""
    assert 4 == _verify(repository, "--all", "--budget", "0").returncode
