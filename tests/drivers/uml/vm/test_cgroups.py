"""Where control groups are made, on hosts of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.drivers.uml.vm import cgroups

FIRST = """\
30 20 0:25 / {at} rw - tmpfs tmpfs rw,mode=755
31 30 0:26 {root} {at}/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
32 30 0:27 {root} {at}/memory rw,nosuid - cgroup cgroup rw,memory
33 30 0:28 {root} {at}/systemd rw,nosuid - cgroup cgroup rw,name=systemd
"""
NAMELESS = "29 20 0:24 / /somewhere rw shared:7 - tmpfs  rw,size=1024k\n"
SECOND = "30 20 0:25 {root} {at} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


@pytest.mark.parametrize(
    ("mounts", "own", "places"),
    [
        ((FIRST, "/"), "3:memory:/a/b\n2:cpu,cpuacct:/\n1:name=systemd:/x", ["memory/a/b", "cpu,cpuacct"]),
        ((FIRST, "/docker/1"), "3:memory:/docker/1\n2:cpu,cpuacct:/docker/1/c", ["memory", "cpu,cpuacct/c"]),
        ((SECOND, "/"), "0::/user.slice/user-1000.slice/session-2.scope", ["user.slice/user-1000.slice"]),
        ((SECOND, "/"), "0::/", [""]),
        ((NAMELESS + SECOND, "/"), "0::/", [""]),
        (("", ""), "0::/", []),
    ],
    ids=[
        "version 1",
        "version 1 in a container",
        "version 2",
        "version 2, first group",
        "beside a mount without a name",
        "nothing mounted",
    ],
)
def test_groups_stay_below_our_own_limits(tmp_path: Path, mounts: tuple[str, str], own: str, places: list[str]) -> None:
    """With version 1 groups are made below our own, with version 2 beside it, since it has processes."""
    text, root = mounts
    (tmp_path / "mountinfo").write_text(text.format(at=tmp_path / "groups", root=root), "utf-8")
    (tmp_path / "cgroup").write_text(f"{own}\n", "utf-8")
    found = [place for place, _ in cgroups._places(1 << 30, tmp_path)]
    assert [Path(tmp_path, "groups", place) for place in places] == found


def test_no_groups_at_all(tmp_path: Path) -> None:
    """On a host whose kernel knows no control groups none are made."""
    assert [] == list(cgroups._places(1 << 30, tmp_path))


def test_groups_that_may_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a group cannot be made or has nothing to set, there is none, and none remains."""
    (tmp_path / "place").mkdir()
    places = [(tmp_path / "place", [("memory.max", 1)]), (tmp_path / "missing", [("memory.max", 1)])]
    monkeypatch.setattr(cgroups, "_places", lambda _most: places)
    assert [] == cgroups.make(tmp_path, "node1", 600)
    cgroups.remove(tmp_path)
    assert [tmp_path / "place"] == list(tmp_path.glob("**/*"))
