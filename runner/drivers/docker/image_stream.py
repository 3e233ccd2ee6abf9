"""Copies images from an engine into a bundle and back, as a stream, in the format of `docker save` and `docker load`.

Only what `manifest.json` refers to is copied. Engines also write the files of older and newer formats, which repeat the
names of images; without them, checking one file is enough to know which names an import can change.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO, cast

import docker

from runner.drivers.docker import host_engine
from runner.images import bundle_file
from runner.images.bundle_file import BundleReader
from runner.storage import codec

_FOLDER = "engine/"
_MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 1 << 20
_CHUNK = 1 << 20
_DIGEST = "[0-9a-f]{64}"
# Engines before 25 have a folder for each layer, later ones a folder for all blobs.
_FOLDERS = re.compile(rf"{_DIGEST}|blobs|blobs/sha256")
_FILES = re.compile(rf"{_DIGEST}\.json|{_DIGEST}/layer\.tar|blobs/sha256/{_DIGEST}|{re.escape(_MANIFEST)}")
# The same layer, in another image.
_LINK = re.compile(rf"{_DIGEST}/layer\.tar")
_LINK_TARGET = re.compile(rf"\.\./{_DIGEST}/layer\.tar")


@dataclass(frozen=True, slots=True)
class _SavedImage:
    """The part of an entry of `manifest.json` that gives an image its names."""

    RepoTags: list[str] | None  # The engine's own spelling.


def save_images(client: docker.DockerClient, references: Collection[str], archive: tarfile.TarFile) -> None:
    """Add images to a bundle.

    Args:
        client: The host engine.
        references: The images; the engine must have each of these references.
        archive: The bundle.

    """
    api = client.api
    with api._get(api._url("/images/get"), params={"names": [*references]}, stream=True) as response:
        api._raise_for_status(response)
        with tarfile.open(fileobj=cast(IO[bytes], response.raw), mode="r|", bufsize=_CHUNK) as source:
            for entry in source:
                if _is_expected(entry):
                    content = source.extractfile(entry) if entry.isreg() else None
                    entry.name = _FOLDER + entry.name
                    archive.addfile(entry, content)


def load_images(client: docker.DockerClient, reader: BundleReader, references: Collection[str]) -> None:
    """Load the images that follow in a bundle; if the bundle is damaged, the engine loads none of them.

    Args:
        client: The host engine.
        reader: The bundle.
        references: The only references that the import may create or change.

    Raises:
        UsageError: The bundle is damaged, or contains something else than these images.
        HostError: The engine failed, or its disk is full.

    """
    # What the HTTP client makes of an exception in the stream hides that the bundle is damaged.
    failures: list[BaseException] = []

    def read_stream() -> Iterator[bytes]:
        try:
            yield from _read_entries(reader, references)
        except BaseException as error:
            failures.append(error)
            raise

    try:
        with host_engine.translate_engine_errors("loading the images"):
            for message in client.api.load_image(read_stream()):
                if "error" in message:
                    raise host_engine.create_engine_error("loading the images", message["error"])
    except Exception as error:
        if failures:
            raise failures[0] from error
        raise


def _is_expected(entry: tarfile.TarInfo) -> bool:
    if entry.isdir():
        return bool(_FOLDERS.fullmatch(entry.name))
    if entry.issym():
        return bool(_LINK.fullmatch(entry.name) and _LINK_TARGET.fullmatch(entry.linkname))
    return entry.isreg() and bool(_FILES.fullmatch(entry.name))


def _read_entries(reader: BundleReader, references: Collection[str]) -> Iterator[bytes]:
    """Yield the tar archive for the engine."""
    has_manifest = False
    while (entry := reader.archive.next()) is not None:
        name = entry.name
        entry.name = name.removeprefix(_FOLDER)
        if not name.startswith(_FOLDER) or not _is_expected(entry):
            raise bundle_file.create_import_error(reader.path, f"it contains an unexpected entry '{name}'")
        yield entry.tobuf(tarfile.PAX_FORMAT)
        if entry.name == _MANIFEST:
            has_manifest = True
            content = _read_manifest(reader, entry, references)
            yield content + b"\0" * (-len(content) % tarfile.BLOCKSIZE)
        elif entry.isreg():
            yield from _read_content(reader, entry)
    if not has_manifest:
        raise bundle_file.create_import_error(reader.path, "files are missing")
    yield b"\0" * 2 * tarfile.BLOCKSIZE


def _read_content(reader: BundleReader, entry: tarfile.TarInfo) -> Iterator[bytes]:
    content = reader.archive.extractfile(entry)
    assert content is not None
    while chunk := content.read(_CHUNK):
        yield chunk
    yield b"\0" * (-entry.size % tarfile.BLOCKSIZE)


def _read_manifest(reader: BundleReader, entry: tarfile.TarInfo, references: Collection[str]) -> bytes:
    """Return the file that names the images, after checking that it names only these."""
    if entry.size > _MAX_MANIFEST_BYTES:
        raise bundle_file.create_import_error(reader.path, f"{_MANIFEST} is too long")
    content = b"".join(_read_content(reader, entry))[: entry.size]
    named = {tag for image in codec.decode_json(content, list[_SavedImage]) for tag in image.RepoTags or ()}
    if not named.issubset(references):
        raise bundle_file.create_import_error(reader.path, "it contains other images than it lists")
    return content
