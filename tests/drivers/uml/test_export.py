"""Parts as a file: what was exported comes back, and what is not whole or not ours leaves nothing."""

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
from tests import helpers
from tests.drivers.uml.test_artifacts import made

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cache in a folder of the test's own."""
    helpers.isolate_environment(monkeypatch, tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the tests export to."""
    return tmp_path / "stick" / "labs.parts"


@pytest.fixture
def exported(file: Path) -> Artifacts:
    """Export parts with a disk that is mostly holes."""
    done = made()
    done.disk.chmod(0o644)
    with done.disk.open("wb") as disk:
        disk.truncate(64 * MEGABYTE)
        for place in (0, 5 * MEGABYTE, 40 * MEGABYTE):
            disk.seek(place)
            disk.write(os.urandom(4096))
    file.parent.mkdir()
    export.export_artifacts(file, NullReporter())
    return done


def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Go on as on another machine, where nothing was built."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))


def left() -> list[Path]:
    """Return what lies in the cache."""
    return list(artifacts.cache_folder().iterdir()) if artifacts.cache_folder().exists() else []


def rewrite(file: Path, change: Iterator[tuple[tarfile.TarInfo, bytes]]) -> None:
    """Write an archive with these entries behind the record that the file begins with."""
    with tarfile.open(file) as old:
        record = old.next()
        assert record is not None
        content = old.extractfile(record)
        assert content is not None
        text = content.read()
    with tarfile.open(file, "w:gz") as new:
        new.addfile(record, io.BytesIO(text))
        for entry, data in change:
            entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))


def test_round_trip(exported: Artifacts, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was exported is found where it is imported, byte for byte, with its programs, links and holes."""
    elsewhere(monkeypatch, tmp_path)
    done = export.import_artifacts(file, NullReporter())
    assert done == artifacts.find_artifacts()
    assert exported.images == done.images
    assert exported.disk.read_bytes() == done.disk.read_bytes()
    assert MEGABYTE > done.disk.stat().st_blocks * 512
    assert MEGABYTE > file.stat().st_size
    assert [0o755, 0o644] == [
        (done.folder / name).stat().st_mode & 0o777 for name in ("sandbox/usr/bin/linux.uml", "tls/ca/labs-ca.crt")
    ]
    assert "usr/lib" == str((done.sandbox_root / "lib").readlink())
    assert [done.folder] == left()
    assert [file] == list(file.parent.iterdir())


@pytest.mark.usefixtures("exported")
def test_import_wins(file: Path) -> None:
    """What was imported last serves, though newer parts were built here."""
    made([])
    assert export.import_artifacts(file, NullReporter()) == artifacts.find_artifacts()


def test_other_tools(exported: Artifacts, file: Path) -> None:
    """The file is an ordinary archive, in which the disk has its real name and size."""
    with tarfile.open(file) as opened:
        assert [artifacts.RECORD_NAME, "disk.img"] == opened.getnames()[:2]
        assert exported.disk.stat().st_size == opened.getmember("disk.img").size


def test_nothing_to_export(file: Path) -> None:
    """Without parts there is nothing to export, and no file."""
    file.parent.mkdir()
    with pytest.raises(HostError, match="nothing to export"):
        export.export_artifacts(file, NullReporter())
    assert [] == list(file.parent.iterdir())


def test_no_place(file: Path) -> None:
    """A folder that does not exist is told with the file's name."""
    made()
    with pytest.raises(HostError, match="No such file"):
        export.export_artifacts(file, NullReporter())


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize("kept", [0, 3, 200, 0.3, 0.9, -9, -1])
def test_cut_short(kept: float, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was not copied to its end is refused wherever it ends, and nothing of it is left."""
    elsewhere(monkeypatch, tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole)) if 0 < kept < 1 else int(kept)])
    with pytest.raises(UsageError, match=r"labs\.parts"):
        export.import_artifacts(file, NullReporter())
    assert [] == left()


@pytest.mark.usefixtures("exported")
def test_changed_bits(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in which a worn-out stick has changed something is refused."""
    elsewhere(monkeypatch, tmp_path)
    content = bytearray(gzip.decompress(file.read_bytes()))
    packed = bytearray(gzip.compress(bytes(content), 1))
    packed[-6] ^= 1
    file.write_bytes(packed)
    with pytest.raises(UsageError, match="damaged"):
        export.import_artifacts(file, NullReporter())
    assert [] == left()


def hostile(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """Return an entry that should not be there."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize(
    "entry",
    [
        hostile("../outside"),
        hostile("/tmp/outside"),
        hostile("sandbox/../../outside"),
        hostile("outside"),
        hostile("artifacts.json"),
        hostile("disk.img/outside"),
        hostile("sandbox/link", tarfile.SYMTYPE, "/"),
        hostile("sandbox/link", tarfile.LNKTYPE, "/etc/passwd"),
        hostile("sandbox/device", tarfile.BLKTYPE),
        hostile("sandbox/pipe", tarfile.FIFOTYPE),
        hostile("disk.img", tarfile.SYMTYPE, "/dev/null"),
        hostile("sandbox"),
    ],
    ids=lambda entry: f"{entry.name} {entry.type.decode()}",
)
def test_hostile(entry: tarfile.TarInfo, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that reaches out of its folder, or holds anything but files, is refused and leaves nothing."""
    elsewhere(monkeypatch, tmp_path)
    rewrite(file, iter([(entry, b"")]))
    with pytest.raises(UsageError, match="damaged"):
        export.import_artifacts(file, NullReporter())
    assert [] == left()
    assert [] == [*tmp_path.rglob("outside")]


@pytest.mark.usefixtures("exported")
def test_a_hole_beyond_all_files(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that tells of a file larger than any can be is refused as damaged, too."""
    elsewhere(monkeypatch, tmp_path)
    content = b"1\n0\n512\n".ljust(1024, b"\0")
    entry = hostile("GNUSparseFile.0/sandbox/large")
    entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "sandbox/large"}
    entry.pax_headers["GNU.sparse.realsize"] = str(1 << 70)
    rewrite(file, iter([(entry, content)]))
    with pytest.raises(UsageError, match="damaged"):
        export.import_artifacts(file, NullReporter())
    assert [] == left()


@pytest.mark.usefixtures("exported")
def test_twice(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive with the same file twice is refused: it is not one of ours."""
    elsewhere(monkeypatch, tmp_path)
    rewrite(file, iter([(hostile("tls/mirror.crt"), b"one"), (hostile("tls/mirror.crt"), b"two")]))
    with pytest.raises(UsageError, match="damaged"):
        export.import_artifacts(file, NullReporter())


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"text"), gzip.compress(b"\0" * 10240)])
def test_no_export(content: bytes, tmp_path: Path) -> None:
    """Any other file is refused by its name."""
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(UsageError, match=r"notes\.txt is "):
        export.import_artifacts(tmp_path / "notes.txt", NullReporter())
    assert [] == left()


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is told by its name."""
    with pytest.raises(UsageError, match=r"missing cannot be read: No such file or directory\."):
        export.import_artifacts(tmp_path / "missing", NullReporter())


@pytest.mark.usefixtures("exported")
def test_other_processor(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts for another processor are refused, with both named."""
    monkeypatch.setattr(artifacts, "processor", lambda: "aarch64")
    with pytest.raises(UsageError, match=r"for x86_64 processors, and this one is aarch64\."):
        export.import_artifacts(file, NullReporter())


@pytest.mark.usefixtures("exported")
def test_other_version(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of another version are refused, with what to do."""
    monkeypatch.setattr(artifacts, "digest", lambda: "other")
    with pytest.raises(UsageError, match=r"whose recipes are not those of this") as caught:
        export.import_artifacts(file, NullReporter())
    assert "Export it anew with the same version of labs." == caught.value.advice
