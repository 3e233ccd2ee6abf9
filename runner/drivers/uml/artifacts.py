"""The parts that machines are made of: the kernel in its jail, the base disk, and the hub's registry.

A folder a generation, below the user's cache. It is made under another name and renamed at the end, so what an
interruption leaves never counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import runner
from runner import paths, signals
from runner.drivers.common import image_set
from runner.images import recipe
from runner.nodes.driver_interface import NodeImage

# Another number makes this version refuse what others have made, whatever their recipes.
_FORMAT = 2
RECORD = "parts.json"
HALF = ".half"


@dataclass(frozen=True, slots=True)
class Parts:
    """One generation of parts.

    Attributes:
        folder: Where they lie.
        digest: What they were made from, as `digest` tells it.
        machine: The id of the image that the disk was made from.
        contents: The images that a new machine has.
        made: When they were made, in seconds since 1970.
        version: The version of labs that made them.
        processor: The kind of processor they are for.

    """

    folder: Path
    digest: str
    machine: str
    contents: tuple[NodeImage, ...]
    made: float
    version: str
    processor: str

    @property
    def disk(self) -> Path:
        """The base disk, which machines only read."""
        return self.folder / "disk.img"

    @property
    def jail(self) -> Path:
        """The files that kernels and hub see as their root."""
        return self.folder / "jail"

    @property
    def registry(self) -> Path:
        """The hub's storage."""
        return self.folder / "registry"

    @property
    def tls(self) -> Path:
        """The hub's key and certificate, and in `ca` the certificate that machines trust."""
        return self.folder / "tls"

    def has(self, images: Iterable[str]) -> bool:
        """Whether a new machine has all of these, as this version of the recipes makes them."""
        wanted = {*images}
        return wanted <= image_set.fitting(one for one in self.contents if one.name in wanted)

    def record(self) -> str:
        """Return what is written beside them."""
        data = asdict(self)
        del data["folder"]
        return json.dumps({"format": _FORMAT, **data}, indent=2)

    def write(self) -> None:
        """Write the record into their folder."""
        (self.folder / RECORD).write_text(self.record(), "utf-8")


def cache() -> Path:
    """Return the folder for all generations and what they are built with."""
    return paths.cache_folder() / "uml"


def processor() -> str:
    """Return the kind of this machine's processor."""
    return platform.machine()


def digest() -> str:
    """Return a short hash that tells whether machines are those of this version of labs, for this kind of processor."""
    made_from = f"{_FORMAT} {recipe.version(recipe.VM)} {processor()}"
    return hashlib.sha256(made_from.encode()).hexdigest()[:12]


def new(folder: Path, machine: str, images: Sequence[NodeImage]) -> Parts:
    """Return the record of parts that this version makes here and now."""
    return Parts(folder, digest(), machine, tuple(images), time.time(), runner.__version__, processor())


def parse(text: str, folder: Path) -> Parts:
    """Read a record.

    Raises:
        ValueError: It is none, or one of another format.

    """
    data = json.loads(text)
    if not isinstance(data, dict) or data.pop("format", None) != _FORMAT:
        raise ValueError("not a record of this format")
    try:
        images = tuple(NodeImage(**content) for content in data.pop("contents"))
        found = Parts(**data, folder=folder, contents=images)
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    texts = [found.digest, found.machine, found.version, found.processor]
    texts += [text for one in images for text in (one.name, one.image, one.stand_in, one.version)]
    numbers = [found.made, *(one.size for one in images)]
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(one, int | float) for one in numbers):
        raise ValueError("a value of another type")
    return found


def find() -> Parts | None:
    """Return the newest parts that fit this version, or None."""
    fitting = [found for found in _all() if found.digest == digest()]
    return max(fitting, key=lambda found: found.made, default=None)


def _all() -> Iterator[Parts]:
    for record in cache().glob(f"*/{RECORD}"):
        if record.parent.suffix == HALF:
            continue
        try:
            found = parse(record.read_text("utf-8"), record.parent)
        except (OSError, ValueError):
            # An older version's, or one that `prune` was interrupted at.
            continue
        if found.disk.is_file() and found.jail.is_dir() and found.registry.is_dir() and found.tls.is_dir():
            yield found


@contextmanager
def half() -> Iterator[Path]:
    """Give a new folder for parts in the making, which is gone after the block unless `complete` has renamed it."""
    cache().mkdir(parents=True, exist_ok=True)
    clear()
    folder = cache() / f"{digest()}-{secrets.token_hex(4)}{HALF}"
    # Kernels and hub, which have no rights, must be able to read what a careful root would keep to itself.
    before = os.umask(0o022)
    try:
        folder.mkdir()
        yield folder
    finally:
        os.umask(before)
        with signals.uninterrupted():
            shutil.rmtree(folder, ignore_errors=True)


def complete(made: Parts) -> Parts:
    """Let parts in the making count from now on, and return them with their final folder."""
    # Machines keep changes to it elsewhere, and all of them rely on its staying as it is.
    made.disk.chmod(0o444)
    made.write()
    done = replace(made, folder=made.folder.with_suffix(""))
    made.folder.rename(done.folder)
    return done


def clear() -> None:
    """Remove what killed builds have left; the images' lock must be held."""
    for folder in cache().glob(f"*{HALF}"):
        shutil.rmtree(folder, ignore_errors=True)


def prune(everything: bool, in_use: Collection[Path] = ()) -> int:
    """Remove generations that are no longer needed; the images' lock must be held.

    Args:
        everything: Also the newest one.
        in_use: Folders of parts that machines stand on, which stay in any case.

    Returns:
        How many are gone.

    """
    kept = {folder.resolve() for folder in in_use}
    newest = find()
    if newest and not everything:
        kept.add(newest.folder.resolve())
    gone = 0
    clear()
    for record in cache().glob(f"*/{RECORD}"):
        if record.parent.resolve() not in kept:
            # First of all it stops counting.
            record.unlink()
            shutil.rmtree(record.parent, ignore_errors=True)
            gone += 1
    return gone
