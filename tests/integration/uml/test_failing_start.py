"""Starts that fail: everything is removed again, and the error says what was wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.drivers.uml import artifacts
from runner.drivers.uml.artifacts import PARTIAL_SUFFIX
from tests.support.helpers import FRONT_MATTER, write_lab
from tests.support.labs_command import LabsRunner
from tests.support.vm_leftovers import UmlLeftovers

pytestmark = pytest.mark.usefixtures("uml_clean")


def test_failing_setup_script(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers) -> None:
    """If setup.sh fails, `labs start` exits with 3, shows its output and the failing line, and removes the cluster."""
    failed = uml_labs("start", "unsettled", "--driver", "uml")
    assert 3 == failed.returncode
    assert "  | before the failure" in failed.stderr
    assert "setup.sh:3: exit status 2: ls /no-such-place" in failed.stderr
    assert [] == uml_leftovers.list_all()
    assert "No lab is started." in uml_labs("status").stdout


def test_not_enough_memory(uml_labs: LabsRunner, uml_leftovers: UmlLeftovers, tmp_path: Path) -> None:
    """VMs that need more than the free memory are refused with both figures before any is created."""
    nodes = [f"{{name: node{number}, role: manager, memory: 16384}}" for number in range(1, 10)]
    write_lab(tmp_path, FRONT_MATTER.replace("{name: node1, role: manager}", ", ".join(nodes)) + "## Look {#look}\n")
    failed = uml_labs("start", "tiny", "--driver", "uml", env={"LABS_ROOT": str(tmp_path)})
    assert 4 == failed.returncode
    assert f"The VMs may use {9 * 16384} MB of memory, but this host has only " in failed.stderr
    assert "Stop another lab" in failed.stderr
    assert [] == uml_leftovers.list_all()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 13 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=13m", "small", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_full_disk(uml_labs: LabsRunner, small_disk: Path) -> None:
    """On a full disk `labs start` fails with the figures and leaves nothing; with free space the next start works."""
    environment = {"XDG_STATE_HOME": str(small_disk)}
    leftovers = UmlLeftovers(small_disk)
    try:
        failed = uml_labs("start", "solo", "--driver", "uml", env=environment)
        assert 4 == failed.returncode, failed.stderr
        assert re.search(
            f"The disk is full: {small_disk}.* has 1[0-3] MB free, and .* need at least 100 MB", failed.stderr
        )
        assert [] == list(small_disk.rglob("*.writable"))
        assert {} == leftovers.list_processes()
        subprocess.run(["mount", "-o", "remount,size=400m", small_disk], check=True)
        started = uml_labs("start", "solo", "--driver", "uml", env=environment)
        assert 0 == started.returncode, started.stderr
    finally:
        uml_labs("rm", "--all", env=environment)
        leftovers.kill_processes()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a cache with this user's artifacts, partially built ones, and ones that were partially removed."""
    newest_artifacts = artifacts.find_newest_artifacts()
    assert newest_artifacts is not None
    newest, folder = newest_artifacts.folder, tmp_path / "labs" / "uml"
    for name in (newest.name, f"{newest.name}0{PARTIAL_SUFFIX}"):
        shutil.copytree(newest, folder / name, symlinks=True, copy_function=_link)
    # A build that was interrupted at its very end, and is newer than the complete one.
    partial = folder / f"{newest.name}0{PARTIAL_SUFFIX}"
    (partial / "disk.img").unlink()
    (partial / "disk.img").write_bytes(b"partial")
    # The leftovers of an interrupted removal.
    (folder / f"{newest.name[:-1]}x").mkdir()
    (folder / f"{newest.name[:-1]}x" / "artifacts.json").write_text("{", "utf-8")
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def test_partial_artifacts(uml_labs: LabsRunner, cache: Path) -> None:
    """Partially built artifacts are ignored by `labs start`, and removed by `labs images prune`."""
    environment = {"XDG_CACHE_HOME": str(cache.parents[1])}
    started = uml_labs("start", "solo", "--driver", "uml", env=environment)
    assert 0 == started.returncode, started.stderr
    assert "base disk" not in started.stderr
    assert 0 == uml_labs("rm", "solo", env=environment).returncode
    pruned = uml_labs("images", "prune", env=environment)
    assert 0 == pruned.returncode, pruned.stderr
    assert 1 == len(list(cache.glob("*/disk.img")))
    assert [] == list(cache.glob(f"*{PARTIAL_SUFFIX}"))
