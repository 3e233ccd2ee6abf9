"""Labs of one's own, outside this repository, on real nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests import docs_examples
from tests.conftest import LABS_TREE, LabsRunner


@pytest.fixture
def own(labs: LabsRunner, tmp_path: Path) -> Iterator[LabsRunner]:
    """Return what runs `labs` where `LABS_ROOT` is not set, and remove afterwards what it has started."""
    run = partial(labs, env={"LABS_ROOT": ""}, cwd=tmp_path)
    yield run
    run("--labs", str(LABS_TREE), "rm", "trio")


def test_new_lab_holds(own: LabsRunner) -> None:
    """What `labs new` makes is proved by `labs verify` as it is."""
    assert 0 == own("--labs", "mine", "new", "rolling-updates").returncode
    done = own("--labs", "mine", "verify", "rolling-updates")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert 2 == done.stdout.count(": fails with '")


def test_worked_example_holds(own: LabsRunner, tmp_path: Path) -> None:
    """The example in the page for authors is proved by `labs verify` as it stands there."""
    docs_examples.write_worked_example(tmp_path / "mine")
    done = own("--labs", "mine", "verify", "notice-board")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert 2 == done.stdout.count(": fails with '")


def test_another_tree(own: LabsRunner) -> None:
    """A lab of another tree is listed, started, played and checked like ours, by its own checks."""
    tree = ("--labs", str(LABS_TREE))
    assert "trio" in own(*tree, "list").stdout
    assert 0 == own(*tree, "start", "trio").returncode
    assert 1 == own(*tree, "check", "trio", "--patience", "0").returncode
    assert 0 == own(*tree, "play", "trio").returncode
    checked = json.loads(own(*tree, "check", "trio", "--json").stdout)
    assert {"test_node1_is_active", "test_the_note_is_there"} <= {result["check"] for result in checked["results"]}
    assert 4 == checked["counts"]["passed"]
