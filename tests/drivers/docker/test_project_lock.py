"""Tests of the lock that shows that a project is in use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner import paths
from runner.drivers.docker import project_lock
from tests import helpers

HOLD = """
import sys
from runner.drivers.docker import project_lock
lock = project_lock.acquire_project_lock("other")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def is_unused(location: str | None) -> bool:
    """Return whether the project `other` is unused."""
    with project_lock.lock_unused_project("other", location) as result:
        return result


def test_unused() -> None:
    """A project that no process uses is unused, and leaves no lock file."""
    assert is_unused(project_lock.describe_lock_location("other"))
    assert [] == list((paths.cache_folder() / "projects").iterdir())


def test_in_use() -> None:
    """A project is in use while at least one process holds its lock."""
    location = project_lock.describe_lock_location("other")
    first, second = (project_lock.acquire_project_lock("other") for _ in range(2))
    first.close()
    assert not is_unused(location)
    second.close()
    assert is_unused(location)


def test_killed() -> None:
    """A process that is killed no longer uses its project."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "locked\n" == process.stdout.readline()
        assert not is_unused(None)
        process.kill()
    assert is_unused(None)


@pytest.mark.parametrize("part", ["host", "file"])
def test_lock_of_another_host(part: str) -> None:
    """A lock of another host or of another user's cache folder cannot be examined, so the project counts as in use."""
    location = project_lock.describe_lock_location("other")
    file = str(paths.cache_folder())
    assert not is_unused(f"another-{location}" if part == "host" else location.replace(file, "/home/other/.cache/labs"))


def test_earlier_version() -> None:
    """A cache of an earlier version records no lock, and is unused unless a command of this version uses it."""
    assert is_unused(None)
    with project_lock.acquire_project_lock("other"):
        assert not is_unused(None)


def test_lock_files() -> None:
    """Lock files of projects that no process uses are removed."""
    project_lock.acquire_project_lock("unused").close()
    with project_lock.acquire_project_lock("used"):
        project_lock.remove_unused_lock_files()
        assert ["used.lock"] == [file.name for file in (paths.cache_folder() / "projects").iterdir()]


def test_waiting() -> None:
    """A command that begins while its project's cache is removed waits until that is done."""
    with project_lock.lock_unused_project("other", None) as result:
        assert result
        process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.DEVNULL)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    assert 0 == process.wait(10)
