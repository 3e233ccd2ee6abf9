"""Exporting artifacts to an image bundle and importing them; a damaged or foreign file leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.drivers.uml import artifacts, export
from runner.drivers.uml.artifacts import Artifacts
from runner.errors import HostError, UsageError
from runner.status import NullReporter
from tests.support import helpers
from tests.unit.drivers.uml.test_artifacts import build_artifacts

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def _isolated_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a cache folder that only this test uses."""
    helpers.isolate_environment(monkeypatch, tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path to export to."""
    return tmp_path / "stick" / "labs-artifacts.tar.gz"


@pytest.fixture
def exported(file: Path) -> Artifacts:
    """Export artifacts with a disk that consists mostly of holes."""
    imported = build_artifacts()
    imported.base_disk.chmod(0o644)
    with imported.base_disk.open("wb") as disk:
        disk.truncate(64 * MEGABYTE)
        for offset in (0, 5 * MEGABYTE, 40 * MEGABYTE):
            disk.seek(offset)
            disk.write(os.urandom(4096))
    file.parent.mkdir()
    export.export_artifacts(file, NullReporter())
    return imported


def switch_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Continue with an empty cache, as on another host."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other-host"))


def list_cache() -> list[Path]:
    """Return what is in the cache."""
    return list(artifacts.uml_cache_folder().iterdir()) if artifacts.uml_cache_folder().exists() else []


def replace_entries(file: Path, entries: Iterator[tuple[tarfile.TarInfo, bytes]]) -> None:
    """Replace all entries of an archive after the manifest and the record."""
    with tarfile.open(file) as old:
        records = [(entry, old.extractfile(entry)) for entry in old.getmembers()[:2]]
        texts = [(entry, content.read()) for entry, content in records if content]
    with tarfile.open(file, "w:gz") as new:
        for entry, text in texts:
            new.addfile(entry, io.BytesIO(text))
        for entry, data in entries:
            entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))


def test_round_trip(exported: Artifacts, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported artifacts are the exported ones, byte for byte, with their permissions, links and holes."""
    switch_host(monkeypatch, tmp_path)
    imported = export.import_artifacts(file, NullReporter())
    assert imported == artifacts.find_newest_artifacts()
    assert exported.images == imported.images
    assert exported.base_disk.read_bytes() == imported.base_disk.read_bytes()
    assert MEGABYTE > imported.base_disk.stat().st_blocks * 512
    assert MEGABYTE > file.stat().st_size
    assert [0o755, 0o644] == [
        (imported.folder / name).stat().st_mode & 0o777 for name in ("sandbox/usr/bin/linux.uml", "tls/ca/labs-ca.crt")
    ]
    assert "usr/lib" == str((imported.sandbox_root / "lib").readlink())
    assert [imported.folder] == list_cache()
    assert [file, file.with_name(f"{file.name}.sha256")] == sorted(file.parent.iterdir())


@pytest.mark.usefixtures("exported")
def test_import_is_newest(file: Path) -> None:
    """Imported artifacts are used even if newer ones were built on this host."""
    build_artifacts([])
    assert export.import_artifacts(file, NullReporter()) == artifacts.find_newest_artifacts()


def test_other_tools(exported: Artifacts, file: Path) -> None:
    """The file is an ordinary tar archive, in which the disk has its real name and size."""
    with tarfile.open(file) as opened:
        assert ["bundle.json", artifacts.RECORD_NAME, "disk.img"] == opened.getnames()[:3]
        assert exported.base_disk.stat().st_size == opened.getmember("disk.img").size


def test_nothing_to_export(file: Path) -> None:
    """Exporting without artifacts raises an error and creates no file."""
    file.parent.mkdir()
    with pytest.raises(HostError, match="nothing to export"):
        export.export_artifacts(file, NullReporter())
    assert [] == list(file.parent.iterdir())


def test_missing_folder(file: Path) -> None:
    """Exporting to a folder that does not exist raises an error."""
    build_artifacts()
    with pytest.raises(HostError, match="No such file"):
        export.export_artifacts(file, NullReporter())


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize("length", [0, 3, 200, 0.3, 0.9, -9, -1])
def test_truncated_file(length: float, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A truncated file is refused wherever it ends, and leaves nothing in the cache."""
    switch_host(monkeypatch, tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[: int(length * len(content)) if 0 < length < 1 else int(length)])
    with pytest.raises(UsageError, match=r"labs-artifacts\.tar\.gz"):
        export.import_artifacts(file, NullReporter())
    assert [] == list_cache()


@pytest.mark.usefixtures("exported")
def test_changed_bits(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with a changed byte is refused, as after a copy on a worn-out USB stick."""
    switch_host(monkeypatch, tmp_path)
    content = bytearray(gzip.decompress(file.read_bytes()))
    compressed = bytearray(gzip.compress(bytes(content), 1))
    compressed[-6] ^= 1
    file.write_bytes(compressed)
    with pytest.raises(UsageError, match="damaged"):
        export.import_artifacts(file, NullReporter())
    assert [] == list_cache()


def hostile_entry(name: str, entry_type: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """Return an entry that an export never contains."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = entry_type, target
    return entry


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize(
    "entry",
    [
        hostile_entry("../outside"),
        hostile_entry("/tmp/outside"),
        hostile_entry("sandbox/../../outside"),
        hostile_entry("outside"),
        hostile_entry("artifacts.json"),
        hostile_entry("disk.img/outside"),
        hostile_entry("sandbox/link", tarfile.SYMTYPE, "/"),
        hostile_entry("sandbox/link", tarfile.LNKTYPE, "/etc/passwd"),
        hostile_entry("sandbox/device", tarfile.BLKTYPE),
        hostile_entry("sandbox/pipe", tarfile.FIFOTYPE),
        hostile_entry("disk.img", tarfile.SYMTYPE, "/dev/null"),
        hostile_entry("sandbox"),
    ],
    ids=lambda entry: f"{entry.name} {entry.type.decode()}",
)
def test_hostile_entry(entry: tarfile.TarInfo, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive with a path outside its folder, a link or a device is refused and leaves nothing in the cache."""
    switch_host(monkeypatch, tmp_path)
    replace_entries(file, iter([(entry, b"")]))
    with pytest.raises(UsageError, match=r"cannot be imported: (it contains an unexpected entry|files are missing)"):
        export.import_artifacts(file, NullReporter())
    assert [] == list_cache()
    assert [] == [*tmp_path.rglob("outside")]


@pytest.mark.usefixtures("exported")
def test_too_large_sparse_file(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive with a sparse file larger than any file can be is refused as damaged."""
    switch_host(monkeypatch, tmp_path)
    content = b"1\n0\n512\n".ljust(1024, b"\0")
    entry = hostile_entry("GNUSparseFile.0/sandbox/large")
    entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "sandbox/large"}
    entry.pax_headers["GNU.sparse.realsize"] = str(1 << 70)
    replace_entries(file, iter([(entry, content)]))
    with pytest.raises(UsageError, match="damaged"):
        export.import_artifacts(file, NullReporter())
    assert [] == list_cache()


@pytest.mark.usefixtures("exported")
def test_duplicate_entry(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that contains the same file twice is refused."""
    switch_host(monkeypatch, tmp_path)
    replace_entries(file, iter([(hostile_entry("tls/mirror.crt"), b"one"), (hostile_entry("tls/mirror.crt"), b"two")]))
    with pytest.raises(UsageError, match="damaged"):
        export.import_artifacts(file, NullReporter())


@pytest.mark.parametrize(
    "content",
    [b"", b"text", gzip.compress(b"text"), gzip.compress(b"\0" * 10240)],
    ids=["empty", "text", "gzip", "zeros"],
)
def test_other_file(content: bytes, tmp_path: Path) -> None:
    """A file that is not an export is refused, and the error names it."""
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(
        UsageError, match=r"notes\.txt (cannot be imported: it is .* not|is not) an image bundle of labs"
    ):
        export.import_artifacts(tmp_path / "notes.txt", NullReporter())
    assert [] == list_cache()


def test_missing_file(tmp_path: Path) -> None:
    """Importing a missing file raises an error that names it."""
    with pytest.raises(UsageError, match=r"missing cannot be read: No such file or directory\."):
        export.import_artifacts(tmp_path / "missing", NullReporter())


@pytest.mark.usefixtures("exported")
def test_other_processor(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Artifacts for another architecture are refused; the error names both."""
    monkeypatch.setattr(artifacts, "detect_architecture", lambda: "aarch64")
    with pytest.raises(UsageError, match=r"for x86_64 processors; this host has aarch64\."):
        export.import_artifacts(file, NullReporter())


@pytest.mark.usefixtures("exported")
def test_other_version(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Artifacts of another version are refused; the error says what to do."""
    monkeypatch.setattr(artifacts, "compute_build_digest", lambda: "other")
    with pytest.raises(UsageError, match=r"whose recipes differ from those of this version") as caught:
        export.import_artifacts(file, NullReporter())
    assert "Use a bundle that was exported by the same version of labs." == caught.value.advice
