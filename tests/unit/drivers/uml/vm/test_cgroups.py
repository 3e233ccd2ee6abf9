"""Control groups: where they are created, with both versions of the interface."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.drivers.uml.vm import cgroups

VERSION_1 = """\
30 20 0:25 / {at} rw - tmpfs tmpfs rw,mode=755
31 30 0:26 {root} {at}/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
32 30 0:27 {root} {at}/memory rw,nosuid - cgroup cgroup rw,memory
33 30 0:28 {root} {at}/systemd rw,nosuid - cgroup cgroup rw,name=systemd
"""
EMPTY_NAME = "29 20 0:24 / /somewhere rw shared:7 - tmpfs  rw,size=1024k\n"
VERSION_2 = "30 20 0:25 {root} {at} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


@pytest.mark.parametrize(
    ("mounts", "own_groups", "parents"),
    [
        ((VERSION_1, "/"), "3:memory:/a/b\n2:cpu,cpuacct:/\n1:name=systemd:/x", ["memory/a/b", "cpu,cpuacct"]),
        ((VERSION_1, "/docker/1"), "3:memory:/docker/1\n2:cpu,cpuacct:/docker/1/c", ["memory", "cpu,cpuacct/c"]),
        ((VERSION_2, "/"), "0::/user.slice/user-1000.slice/session-2.scope", ["user.slice/user-1000.slice"]),
        ((VERSION_2, "/"), "0::/", [""]),
        ((EMPTY_NAME + VERSION_2, "/"), "0::/", [""]),
        (("", ""), "0::/", []),
    ],
    ids=[
        "version 1",
        "version 1 in a container",
        "version 2",
        "version 2, root group",
        "with a mount whose device has an empty name",
        "nothing mounted",
    ],
)
def test_parent_groups(tmp_path: Path, mounts: tuple[str, str], own_groups: str, parents: list[str]) -> None:
    """With version 1, groups are created below our own; with version 2 beside it, because it has processes."""
    text, root = mounts
    (tmp_path / "mountinfo").write_text(text.format(at=tmp_path / "groups", root=root), "utf-8")
    (tmp_path / "cgroup").write_text(f"{own_groups}\n", "utf-8")
    parent_groups = [parent for parent, _ in cgroups._find_parent_groups(1 << 30, tmp_path)]
    assert [Path(tmp_path, "groups", parent) for parent in parents] == parent_groups


def test_kernel_without_cgroups(tmp_path: Path) -> None:
    """On a host whose kernel does not support control groups, there is no parent group."""
    assert [] == list(cgroups._find_parent_groups(1 << 30, tmp_path))


def test_groups_that_cannot_be_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that cannot be created or that supports no setting is not returned, and is not left behind."""
    (tmp_path / "parent").mkdir()
    parents = [(tmp_path / "parent", [("memory.max", 1)]), (tmp_path / "missing", [("memory.max", 1)])]
    monkeypatch.setattr(cgroups, "_find_parent_groups", lambda _limit: parents)
    assert [] == cgroups.create_sandbox_cgroups(tmp_path, "node1", 600)
    cgroups.remove_cluster_cgroups(tmp_path)
    assert [tmp_path / "parent"] == list(tmp_path.glob("**/*"))
