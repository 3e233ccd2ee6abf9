"""Control groups: what a jail may use of the host's memory and processors, where whoever starts it may make groups.

A kernel alone can be held to its machine's memory by the size of a file. But the host keeps books about each of its
processes too, and who rules a machine can make it keep many. A group counts those as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

# A third of what an ordinary process gets where processors are short; as `nice -n 5` would, did that count everywhere.
_SHARES, _WEIGHT = 340, 33
_MEGABYTE = 1 << 20
# A machine's processes, and what it reads and writes of its disk, are the host's to remember.
_BOOKS_MEGABYTES = 256
_RECORD = "groups"
_OURS = Path("/proc/self")
_END_SECONDS = 2

Settings = Sequence[tuple[str, int]]


def make(folder: Path, name: str, megabytes: int) -> list[Path]:
    """Make the groups of one jail, and record them in its cluster's folder.

    Args:
        folder: The cluster's folder.
        name: The jail's name.
        megabytes: What it is meant to use.

    Returns:
        Their folders; none where none may be made.

    """
    most = (megabytes + megabytes // 4 + _BOOKS_MEGABYTES) * _MEGABYTE
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    made = []
    for place, settings in _places(most):
        group = place / f"labs-{folder.name}-{digest}-{name}"
        # Before it is made: whatever happens then, it will be found.
        with (folder / _RECORD).open("a", encoding="utf-8") as record:
            record.write(f"{group}\n")
        if _made(group, settings):
            made.append(group)
    return made


def remove(folder: Path) -> None:
    """Remove all groups that a cluster's folder tells of; nothing may run in them any more."""
    record = folder / _RECORD
    with contextlib.suppress(FileNotFoundError):
        deadline = time.monotonic() + _END_SECONDS
        for line in set(record.read_text("utf-8").splitlines()):
            while not _removed(Path(line)) and time.monotonic() < deadline:
                time.sleep(0.01)
        record.unlink()


def _made(group: Path, settings: Settings) -> bool:
    try:
        group.mkdir(exist_ok=True)
    except OSError:
        return False
    known = [(group / file, value) for file, value in settings if (group / file).exists()]
    for file, value in known:
        # What counts swap must not be set below the rest, which one that is there already may have higher.
        with contextlib.suppress(OSError):
            file.write_text(str(value), "ascii")
    return bool(known) or not _removed(group)


def _removed(group: Path) -> bool:
    # A tree that is mounted read-only refuses also to remove what is not there.
    with contextlib.suppress(OSError):
        if group.exists():
            group.rmdir()
        return True
    return False


def _places(most: int, process: Path = _OURS) -> Iterator[tuple[Path, Settings]]:
    """Yield the folders where groups may be made, and what can be set there."""
    if not (process / "cgroup").exists():
        return
    mounted = dict(_mounted(process))
    for line in (process / "cgroup").read_text("utf-8").splitlines():
        _, names, own = line.split(":", 2)
        controllers = set(names.split(",")) if names else {""}
        at = next((mounted[one] for one in controllers if one in mounted), None)
        if at is None:
            continue
        # Below the group that we are in, so that its limits hold for us as before.
        place = Path(at[1], own.removeprefix(at[0]).lstrip("/")) if own.startswith(at[0]) else at[1]
        if "memory" in controllers:
            yield place, [("memory.limit_in_bytes", most), ("memory.memsw.limit_in_bytes", 2 * most)]
        elif "cpu" in controllers:
            yield place, [("cpu.shares", _SHARES)]
        elif "" in controllers:
            # A group that has processes may have none below it with limits, unless it is the first of all.
            place = place if own == "/" else place.parent
            if own == "/":
                with contextlib.suppress(OSError):
                    (place / "cgroup.subtree_control").write_text("+memory +cpu", "ascii")
            yield place, [("memory.max", most), ("memory.swap.max", most), ("cpu.weight", _WEIGHT)]


def _mounted(process: Path) -> Iterator[tuple[str, tuple[str, Path]]]:
    """Yield each controller, version 2 being the nameless one, with what is mounted of its tree, and where."""
    for line in (process / "mountinfo").read_text("utf-8").splitlines():
        mount, _, source = line.partition(" - ")
        root, point = mount.split()[3:5]
        # What is mounted may have an empty name.
        kind, _, options = source.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            names = options.split(",") if kind == "cgroup" else [""]
            yield from ((name, (root.rstrip("/"), Path(point))) for name in names)
