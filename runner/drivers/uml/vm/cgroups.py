"""Control groups: limit the host memory and processor time of sandboxed processes, if we are allowed to create groups.

The size of a file alone can limit a kernel to its VM's memory. But the host also keeps data about each of the kernel's
processes, and a user who controls a VM can make it keep a lot. A control group counts that as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

# A third of what an ordinary process gets when processors are short: the same as `nice -n 5`, which does not count
# everywhere.
_SHARES, _WEIGHT = 340, 33
_MEGABYTE = 1 << 20
# The host's data about a VM's processes, and its cache for what the VM reads and writes on its disk.
_OVERHEAD_MEGABYTES = 256
_RECORD_NAME = "groups"
_OWN_PROCESS = Path("/proc/self")
_REMOVE_SECONDS = 2

CgroupSettings = Sequence[tuple[str, int]]


def create_sandbox_cgroups(folder: Path, name: str, megabytes: int) -> list[Path]:
    """Create the control groups of one sandbox, and record them in its cluster's folder.

    Args:
        folder: The cluster's folder.
        name: The sandbox's name.
        megabytes: The memory that it is meant to use.

    Returns:
        The groups' directories; empty if we are not allowed to create groups.

    """
    limit = (megabytes + megabytes // 4 + _OVERHEAD_MEGABYTES) * _MEGABYTE
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    groups = []
    for parent, settings in _find_parent_groups(limit):
        group = parent / f"labs-{folder.name}-{digest}-{name}"
        # Recorded before it is created, so that it is found and removed even if this process is killed.
        with (folder / _RECORD_NAME).open("a", encoding="utf-8") as record:
            record.write(f"{group}\n")
        if _create_group(group, settings):
            groups.append(group)
    return groups


def remove_cluster_cgroups(folder: Path) -> None:
    """Remove all groups that are recorded in a cluster's folder; no process may run in them any more."""
    record = folder / _RECORD_NAME
    with contextlib.suppress(FileNotFoundError):
        deadline = time.monotonic() + _REMOVE_SECONDS
        for line in set(record.read_text("utf-8").splitlines()):
            while not _remove_group(Path(line)) and time.monotonic() < deadline:
                time.sleep(0.01)
        record.unlink()


def _create_group(group: Path, settings: CgroupSettings) -> bool:
    try:
        group.mkdir(exist_ok=True)
    except OSError:
        return False
    supported = [(group / file, value) for file, value in settings if (group / file).exists()]
    for file, value in supported:
        # The limit that includes swap must not be lower than the other, and an existing group may have a higher one.
        with contextlib.suppress(OSError):
            file.write_text(str(value), "ascii")
    return bool(supported) or not _remove_group(group)


def _remove_group(group: Path) -> bool:
    # A read-only file system also refuses to remove what does not exist.
    with contextlib.suppress(OSError):
        if group.exists():
            group.rmdir()
        return True
    return False


def _find_parent_groups(limit: int, process: Path = _OWN_PROCESS) -> Iterator[tuple[Path, CgroupSettings]]:
    """Yield the groups in which we may be allowed to create groups, and the settings of the new groups."""
    if not (process / "cgroup").exists():
        return
    mounts = dict(_list_mounts(process))
    for line in (process / "cgroup").read_text("utf-8").splitlines():
        _, names, own_group = line.split(":", 2)
        controllers = set(names.split(",")) if names else {""}
        mount = next((mounts[name] for name in controllers if name in mounts), None)
        if mount is None:
            continue
        root, mount_point = mount
        # Create groups below the group that we are in, so that its limits still apply.
        is_mounted = own_group.startswith(root)
        parent = mount_point / own_group.removeprefix(root).lstrip("/") if is_mounted else mount_point
        if "memory" in controllers:
            yield parent, [("memory.limit_in_bytes", limit), ("memory.memsw.limit_in_bytes", 2 * limit)]
        elif "cpu" in controllers:
            yield parent, [("cpu.shares", _SHARES)]
        elif "" in controllers:
            # In version 2 a group that has processes cannot have child groups with limits, unless it is the root group.
            parent = parent if own_group == "/" else parent.parent
            if own_group == "/":
                with contextlib.suppress(OSError):
                    (parent / "cgroup.subtree_control").write_text("+memory +cpu", "ascii")
            yield parent, [("memory.max", limit), ("memory.swap.max", limit), ("cpu.weight", _WEIGHT)]


def _list_mounts(process: Path) -> Iterator[tuple[str, tuple[str, Path]]]:
    """Yield each controller (version 2 has an empty name), with the mounted part of its tree and the mount point."""
    for line in (process / "mountinfo").read_text("utf-8").splitlines():
        mount, _, source = line.partition(" - ")
        root, mount_point = mount.split()[3:5]
        # The name of the mounted device may be empty, so this splits at single spaces.
        file_system, _, options = source.split(" ", 2)
        if file_system in ("cgroup", "cgroup2"):
            names = options.split(",") if file_system == "cgroup" else [""]
            yield from ((name, (root.rstrip("/"), Path(mount_point))) for name in names)
