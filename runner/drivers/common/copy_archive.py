"""The tar archive that brings files onto a node."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path


def of(source: Path, target: str) -> bytes:
    """Return an archive to be unpacked at a node's root.

    Args:
        source: A file, or a folder whose content is meant.
        target: The folder on the node, which is made if missing.

    """
    buffer = io.BytesIO()
    inside = target.lstrip("/")
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(_folder_entry(inside))
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                archive.add(path, f"{inside}/{path.relative_to(source)}", False, filter=_as_root)
        else:
            archive.add(source, f"{inside}/{source.name}", filter=_as_root)
    return buffer.getvalue()


def _folder_entry(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.DIRTYPE
    entry.mode = 0o755
    return entry


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
