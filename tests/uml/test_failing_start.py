"""Starts that cannot succeed: each is undone, and says what was wrong."""

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
from tests.conftest import LabsRunner
from tests.helpers import FRONT_MATTER, write_lab
from tests.uml.leftovers import Left

pytestmark = pytest.mark.usefixtures("clean")


def test_a_failing_setup_shows_its_line(labs: LabsRunner, left: Left) -> None:
    """A setup.sh that fails is a broken lab: exit 3, its output and line shown, and the start undone."""
    failed = labs("start", "unsettled", "--driver", "uml")
    assert 3 == failed.returncode
    assert "  | before the fall" in failed.stderr
    assert "setup.sh:3: exit status 2: ls /no-such-place" in failed.stderr
    assert [] == left.everything()
    assert "No lab is started." in labs("status").stdout


def test_too_little_memory_is_told_with_figures(labs: LabsRunner, left: Left, tmp_path: Path) -> None:
    """Machines that would not fit into the memory that is free are refused with both figures before any is made."""
    nodes = [f"{{name: node{number}, role: manager, memory: 16384}}" for number in range(1, 10)]
    write_lab(tmp_path, FRONT_MATTER.replace("{name: node1, role: manager}", ", ".join(nodes)) + "## Look {#look}\n")
    failed = labs("start", "tiny", "--driver", "uml", env={"LABS_ROOT": str(tmp_path)})
    assert 4 == failed.returncode
    assert f"The machines may use {9 * 16384} MB of memory, and of this machine's only " in failed.stderr
    assert "Halt another lab" in failed.stderr
    assert [] == left.everything()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Have a disk of 12 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=13m", "small", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_full_disk_is_told(labs: LabsRunner, small_disk: Path) -> None:
    """Where the disks' folder has no room, the start says so and leaves nothing, and with room the next one works."""
    there = {"XDG_STATE_HOME": str(small_disk)}
    small = Left(small_disk)
    try:
        failed = labs("start", "solo", "--driver", "uml", env=there)
        assert 4 == failed.returncode, failed.stderr
        assert re.search(f"The disk is full: 1[0-3] MB are free in {small_disk}.*, and .* need 100 MB", failed.stderr)
        assert [] == list(small_disk.rglob("*.own"))
        assert {} == small.processes()
        subprocess.run(["mount", "-o", "remount,size=400m", small_disk], check=True)
        started = labs("start", "solo", "--driver", "uml", env=there)
        assert 0 == started.returncode, started.stderr
    finally:
        labs("rm", "--all", env=there)
        small.clear()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a cache of the test's own with this user's parts, half-built ones beside them."""
    found = artifacts.find_artifacts()
    assert found is not None
    newest, folder = found.folder, tmp_path / "labs" / "uml"
    for name in (newest.name, f"{newest.name}0{PARTIAL_SUFFIX}"):
        shutil.copytree(newest, folder / name, symlinks=True, copy_function=_link)
    # Cut short at its very end, and later than the whole one.
    half = folder / f"{newest.name}0{PARTIAL_SUFFIX}"
    (half / "disk.img").unlink()
    (half / "disk.img").write_bytes(b"half")
    # One that an interrupted removal has left.
    (folder / f"{newest.name[:-1]}x").mkdir()
    (folder / f"{newest.name[:-1]}x" / "parts.json").write_text("{", "utf-8")
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def test_half_built_parts_are_no_obstacle(labs: LabsRunner, cache: Path) -> None:
    """Parts whose building was interrupted are ignored by a start, and cleared away by a prune."""
    there = {"XDG_CACHE_HOME": str(cache.parents[1])}
    started = labs("start", "solo", "--driver", "uml", env=there)
    assert 0 == started.returncode, started.stderr
    assert "base disk" not in started.stderr
    assert 0 == labs("rm", "solo", env=there).returncode
    pruned = labs("images", "prune", env=there)
    assert 0 == pruned.returncode, pruned.stderr
    assert 1 == len(list(cache.glob("*/disk.img")))
    assert [] == list(cache.glob(f"*{PARTIAL_SUFFIX}"))
