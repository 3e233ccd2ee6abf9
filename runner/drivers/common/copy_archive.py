"""Packs files into the tar archive that carries them to a node."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path


def pack_files(source: Path, target: str) -> bytes:
    """Return a tar archive to unpack in a node's root folder.

    Args:
        source: A file, or a folder whose content is packed.
        target: The folder on the node, which unpacking creates if it is missing.

    """
    buffer = io.BytesIO()
    folder = target.lstrip("/")
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(_create_folder_entry(folder))
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                archive.add(path, f"{folder}/{path.relative_to(source)}", False, filter=_set_owner_to_root)
        else:
            archive.add(source, f"{folder}/{source.name}", filter=_set_owner_to_root)
    return buffer.getvalue()


def _create_folder_entry(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.DIRTYPE
    entry.mode = 0o755
    return entry


def _set_owner_to_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
