"""Labs outside this repository, on real nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support import docs_examples
from tests.support.labs_command import LABS_TREE, LabsRunner


@pytest.fixture
def labs_without_root(labs: LabsRunner, tmp_path: Path) -> Iterator[LabsRunner]:
    """Return a function that runs `labs` without `LABS_ROOT`; the lab that it started is removed at the end."""
    run = partial(labs, env={"LABS_ROOT": ""}, cwd=tmp_path)
    yield run
    run("--labs", str(LABS_TREE), "rm", "trio")


def test_new_lab_passes_verify(labs_without_root: LabsRunner) -> None:
    """`labs verify` passes for an unchanged lab from `labs new`."""
    assert 0 == labs_without_root("--labs", "mine", "new", "rolling-updates").returncode
    result = labs_without_root("--labs", "mine", "verify", "rolling-updates")
    assert 0 == result.returncode, result.stdout + result.stderr
    assert 2 == result.stdout.count(" fails with '")


def test_worked_example_passes_verify(labs_without_root: LabsRunner, tmp_path: Path) -> None:
    """`labs verify` passes for the worked example in docs/tutorial/write-a-lab.md."""
    docs_examples.write_worked_example(tmp_path / "mine")
    result = labs_without_root("--labs", "mine", "verify", "notice-board")
    assert 0 == result.returncode, result.stdout + result.stderr
    assert 2 == result.stdout.count(" fails with '")


def test_labs_in_another_folder(labs_without_root: LabsRunner) -> None:
    """A lab in another folder is listed, started, played and checked with its own checks."""
    tree = ("--labs", str(LABS_TREE))
    assert "trio" in labs_without_root(*tree, "list").stdout
    assert 0 == labs_without_root(*tree, "start", "trio").returncode
    assert 1 == labs_without_root(*tree, "check", "trio", "--patience", "0").returncode
    assert 0 == labs_without_root(*tree, "play", "trio").returncode
    checked = json.loads(labs_without_root(*tree, "check", "trio", "--json").stdout)
    assert {"test_node1_is_active", "test_note_exists"} <= {result["check"] for result in checked["results"]}
    assert 4 == checked["counts"]["passed"]
