"""Tests of the lock that shows that a project is in use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner import paths
from runner.drivers.docker import project_lock
from tests.support import helpers

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


def test_lock_of_another_host() -> None:
    """A lock of another host cannot be examined, so the project counts as in use."""
    assert not is_unused(f"another-{project_lock.describe_lock_location('other')}")


def test_lock_in_another_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock in another cache folder of this host is examined there."""
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "another folder"))
        location = project_lock.describe_lock_location("other")
        lock = project_lock.acquire_project_lock("other")
    assert not is_unused(location)
    lock.close()
    assert is_unused(location)


def test_lock_in_a_removed_cache_folder(tmp_path: Path) -> None:
    """A project whose cache folder no longer exists is unused, and the folder is not created again."""
    removed = tmp_path / "removed"
    location = project_lock.describe_lock_location("other").replace(str(paths.cache_folder()), str(removed))
    assert is_unused(location)
    assert not removed.exists()


def test_lock_that_may_not_be_opened(tmp_path: Path) -> None:
    """A project whose lock file cannot be opened counts as in use."""
    (tmp_path / "blocked").touch()
    location = project_lock.describe_lock_location("other").replace(
        str(paths.cache_folder()), str(tmp_path / "blocked")
    )
    assert not is_unused(location)


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
