"""Exports artifacts to an image bundle and imports them, for hosts without Debian or a network."""

from __future__ import annotations

import tarfile
import time
from dataclasses import replace
from pathlib import Path, PurePosixPath

from runner.drivers.common import image_set
from runner.drivers.uml import artifact_builder, artifacts, sparse_tar
from runner.drivers.uml.artifacts import Artifacts
from runner.errors import HostError
from runner.images import bundle_file
from runner.images.bundle import BundleTarget
from runner.images.bundle_file import BundleReader
from runner.status import StatusReporter

_DISK, _FOLDERS = "disk.img", ("sandbox", "registry", "tls")


def describe_target() -> BundleTarget:
    """Return which bundles this host can use."""
    return BundleTarget("uml", artifacts.detect_architecture(), artifacts.compute_build_digest())


def export_artifacts(path: Path, reporter: StatusReporter) -> Artifacts:
    """Write the newest artifacts that match this version to a bundle.

    Args:
        path: The file; an existing file is replaced once everything is written.
        reporter: Shows the steps.

    Returns:
        The artifacts.

    Raises:
        HostError: There are no artifacts, or the file cannot be written.

    """
    exported = artifacts.find_newest_artifacts()
    if not exported:
        raise HostError("There is nothing to export yet.", "Run 'labs images build --driver uml' first.")
    images = image_set.filter_up_to_date_images(exported.images)
    with bundle_file.create_bundle(path, image_set.describe_bundle(describe_target(), images), reporter) as archive:
        _add_artifacts(archive, exported)
    return exported


def import_artifacts(path: Path, reporter: StatusReporter) -> Artifacts:
    """Install artifacts from a bundle that `export_artifacts` has written; the images' lock must be held.

    A damaged file leaves nothing behind. The content of a valid file will run on this host, in a sandbox. So it should
    come only from a source that you would also install labs from.

    Args:
        path: The file.
        reporter: Shows the steps.

    Raises:
        UsageError: The file is not a bundle, is damaged, or was written for another version or processor.
        HostError: There is not enough free disk space.

    """
    with artifacts.create_partial_folder() as folder:
        with bundle_file.open_bundle(path, reporter) as reader:
            reader.manifest.check_target(path, describe_target())
            record = _read_record(reader)
            while (entry := reader.archive.next()) is not None:
                _extract_entry(reader, entry, folder)
        if not (folder / _DISK).is_file() or not all((folder / name).is_dir() for name in _FOLDERS):
            raise bundle_file.create_import_error(path, "files are missing")
        artifact_builder.create_sandbox_usr_links(folder)
        return artifacts.publish_artifacts(replace(record, folder=folder, created_at=time.time()))


def _add_artifacts(archive: tarfile.TarFile, exported: Artifacts) -> None:
    bundle_file.add_record(archive, artifacts.RECORD_NAME, exported.render_record().encode())
    sparse_tar.add_sparse_file(archive, exported.base_disk, _DISK)
    for folder in _FOLDERS:
        for path in sorted((exported.folder / folder).rglob("*")):
            # Links are the same everywhere and the import creates them again, so it can reject links in the file.
            if not path.is_symlink() and (path.is_dir() or path.is_file()):
                name = str(path.relative_to(exported.folder))
                archive.add(path, name, recursive=False, filter=_remove_owner)


def _remove_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _read_record(reader: BundleReader) -> Artifacts:
    content = reader.read_record(artifacts.RECORD_NAME)
    record = artifacts.parse_record(content.decode(), Path())
    if record.digest != artifacts.compute_build_digest():
        raise bundle_file.create_import_error(reader.path, "its artifacts and its manifest do not match")
    return record


def _extract_entry(reader: BundleReader, entry: tarfile.TarInfo, folder: Path) -> None:
    relative = PurePosixPath(entry.name)
    is_expected = entry.name == _DISK or (
        relative.parts[:1] in [(name,) for name in _FOLDERS] and ".." not in relative.parts
    )
    if not is_expected or not (entry.isreg() or entry.isdir()):
        raise bundle_file.create_import_error(reader.path, f"it contains an unexpected entry '{entry.name}'")
    target = folder / relative
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    sparse_tar.extract_sparse_file(reader.archive, entry, target)
    target.chmod(0o755 if entry.mode & 0o100 else 0o644)
