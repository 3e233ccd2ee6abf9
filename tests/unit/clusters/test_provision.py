"""Provisioning of nodes that are directories on this host."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.clusters import provision, run_records
from runner.errors import BrokenLabError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId
from tests.support import helpers, local_nodes

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
TINY = ClusterId("tiny")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def make_lab_with_setup(root: Path, setup: str, **files: str) -> Lab:
    """Write a lab with a setup script and files for the learner."""
    lab = helpers.make_lab(root, LESSON, setup=setup)
    for name, text in files.items():
        lab.files_folder.mkdir(exist_ok=True)
        (lab.files_folder / name).write_text(text)
    return lab


def home(root: Path, node: str = "node1") -> Path:
    """Return the home directory of a node's root user."""
    return root / "disks" / node / "root"


def test_every_node(tmp_path: Path) -> None:
    """The script runs in the home directory of every node and knows the node, role and lab."""
    lab = make_lab_with_setup(tmp_path, 'echo "$LABS_NODE $LABS_ROLE $LABS_LAB" >who\n')
    provision.provision_cluster(lab, local_nodes.make_local_cluster(tmp_path, "node1", "node2"))
    assert ["node1 manager tiny\n", "node2 manager tiny\n"] == [
        (home(tmp_path, node) / "who").read_text() for node in ("node1", "node2")
    ]


def test_files(tmp_path: Path) -> None:
    """The lab's files are in every home directory before the script runs."""
    provision.provision_cluster(
        make_lab_with_setup(tmp_path, "cat app.py >seen\n", **{"app.py": "print()\n"}),
        local_nodes.make_local_cluster(tmp_path),
    )
    assert "print()\n" == (home(tmp_path) / "seen").read_text()


def test_repeated(tmp_path: Path) -> None:
    """Provisioning can be repeated, and the log has only the last output."""
    lab = make_lab_with_setup(tmp_path, "echo again; mkdir -p here\n")
    for _ in range(2):
        provision.provision_cluster(lab, local_nodes.make_local_cluster(tmp_path))
    assert "node1: again\n" == run_records.setup_log_path(TINY).read_text()


def test_log(tmp_path: Path) -> None:
    """The log has every line that the script prints, with the node's name."""
    provision.provision_cluster(
        make_lab_with_setup(tmp_path, "echo one; echo two >&2\n"),
        local_nodes.make_local_cluster(tmp_path, "node1", "node2"),
    )
    assert ["node1: one", "node1: two", "node2: one", "node2: two"] == sorted(
        run_records.setup_log_path(TINY).read_text().splitlines()
    )


@pytest.mark.parametrize(
    ("setup", "line"),
    [
        ("true\n\ncat gone\n", "setup.sh:3: exit status 1: cat gone"),
        ("step() {\n  false\n}\nstep\n", "setup.sh:2: exit status 1: false"),
        ("false | true\n", "setup.sh:1: exit status 1: "),
        ("echo $nothing\n", "nothing: unbound variable"),
        ("echo before\nexit 3\n", "before"),
    ],
)
def test_failure(setup: str, line: str, tmp_path: Path) -> None:
    """If the script fails, the error names the failing line and the file with the complete output."""
    lab = make_lab_with_setup(tmp_path, setup)
    with pytest.raises(BrokenLabError) as caught:
        provision.provision_cluster(lab, local_nodes.make_local_cluster(tmp_path))
    assert caught.value.message.startswith(f"{lab.setup_script_path} failed on node1 with exit status ")
    assert caught.value.advice.endswith(
        f"'labs start tiny'. {run_records.setup_log_path(TINY)} contains its complete output."
    )
    assert line in caught.value.log
    assert line in run_records.setup_log_path(TINY).read_text()


def test_delete_record(tmp_path: Path) -> None:
    """Deleting a record deletes its log and folder, and can be repeated."""
    provision.provision_cluster(make_lab_with_setup(tmp_path, ""), local_nodes.make_local_cluster(tmp_path))
    for _ in range(2):
        run_records.delete_record(TINY)
        assert not run_records.setup_log_path(TINY).parent.exists()
