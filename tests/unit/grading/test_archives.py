"""Extracting untrusted archives: what is allowed is extracted, and everything else is named."""

from __future__ import annotations

import io
import os
import pickle
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from runner.grading import archives
from runner.grading.archives import ArchiveError, ArchiveLimits, extract_archive

TAR_SUFFIXES = {"tar": "", "tar.gz": "gz", "tgz": "gz", "tar.bz2": "bz2", "tar.xz": "xz"}
SMALL = ArchiveLimits(
    archive_bytes=1 << 20, member_bytes=100_000, total_bytes=250_000, max_members=10, ratio_exempt_bytes=50_000
)


def make_zip(path: Path, contents: Mapping[str, bytes]) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def make_tar(path: Path, contents: Mapping[str, bytes]) -> Path:
    """Write a tar archive; the suffix of its name decides how it is compressed."""
    compression = TAR_SUFFIXES[path.name.partition(".")[2]]
    with tarfile.open(path, f"w:{compression}") as archive:  # type: ignore[call-overload]
        for name, content in contents.items():
            add_to_tar(archive, name, content)
    return path


def add_to_tar(archive: tarfile.TarFile, name: str, content: bytes = b"", **attributes: object) -> None:
    """Add a member to a tar archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(content))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return an empty folder."""
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of each file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def extract(archive: Path, folder: Path, limits: ArchiveLimits = SMALL) -> dict[str, str]:
    """Extract an archive, and return the reason for each member that was left out."""
    return {str(problem.path): problem.message for problem in extract_archive(archive, folder, limits)}


@pytest.mark.parametrize("suffix", ["zip", *TAR_SUFFIXES])
def test_formats(suffix: str, tmp_path: Path, target: Path) -> None:
    """Zip and tar archives are extracted, whatever their compression; their suffix is not part of a name."""
    make = make_zip if suffix == "zip" else make_tar
    archive = make(tmp_path / f"ada.{suffix}", {"swarm-basics/submission.md": b"text", "./notes.txt": b"notes"})
    assert {} == extract(archive, target)
    assert {"swarm-basics/submission.md": b"text", "notes.txt": b"notes"} == read_files(target)
    assert (True, "ada") == (archives.is_archive(archive), archives.strip_archive_suffix(archive.name))


@pytest.mark.parametrize("name", ["ada.rar", "ada.7z", "ada.TAR.ZST", "submission.md.gz"])
def test_unsupported_formats(name: str) -> None:
    """Archives of other formats are recognized by their suffix, so that they can be named."""
    assert (False, True) == (archives.is_archive(Path(name)), archives.is_unsupported_archive(Path(name)))
    assert name.partition(".")[0] == archives.strip_archive_suffix(name).removesuffix(".md")


def test_content_decides(tmp_path: Path, target: Path) -> None:
    """A tar archive that is called .zip is extracted."""
    make_tar(tmp_path / "ada.tar.gz", {"submission.md": b"text"}).rename(tmp_path / "ada.zip")
    assert {} == extract(tmp_path / "ada.zip", target)
    assert {"submission.md": b"text"} == read_files(target)


def test_metadata_in_zip(tmp_path: Path, target: Path) -> None:
    """Files of a zip keep the executable bit and the modification time, in UTC if the zip has it."""
    script, text = zipfile.ZipInfo("run.sh", (2026, 3, 1, 12, 0, 0)), zipfile.ZipInfo("text")
    script.external_attr = (stat.S_IFREG | 0o4755) << 16
    script.extra = struct.pack("<HHBi", 0x5455, 5, 1, 1_700_000_000)
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        archive.writestr(script, b"#!/bin/sh\n")
        archive.writestr(text, b"text")
    assert {} == extract(tmp_path / "ada.zip", target)
    status = (target / "run.sh").stat()
    assert (0o755, 1_700_000_000) == (stat.S_IMODE(status.st_mode), status.st_mtime)
    assert 0o644 == stat.S_IMODE((target / "text").stat().st_mode)


def test_metadata_in_tar(tmp_path: Path, target: Path) -> None:
    """Files of a tar keep the executable bit and the modification time, unless no file system could store it."""
    with tarfile.open(tmp_path / "ada.tar", "w") as archive:
        add_to_tar(archive, "run.sh", b"#!/bin/sh\n", mode=0o4755, mtime=1_700_000_000)
        add_to_tar(archive, "text", b"text", mode=0o600, pax_headers={"mtime": "inf"})
    assert {} == extract(tmp_path / "ada.tar", target)
    assert [(0o755, 1_700_000_000), (0o644, 0)] == [
        (stat.S_IMODE((target / name).stat().st_mode), (target / name).stat().st_mtime) for name in ("run.sh", "text")
    ]


def test_names_of_other_systems(tmp_path: Path, target: Path) -> None:
    """Names that Windows writes with backslashes, and macOS in UTF-8 without saying so, are read correctly."""
    archive = make_zip(tmp_path / "ada.zip", {"swarm\\submission.md": b"text"})
    name = "Zoë.txt".encode().decode("cp437")
    with zipfile.ZipFile(archive, "a") as zip_file:
        info = zipfile.ZipInfo(name)
        zip_file.writestr(info, b"notes")
    data = archive.read_bytes()
    # zipfile writes names in UTF-8 and says so; replace them, and both flags, by what macOS writes.
    encoded = name.encode()
    assert 2 == data.count(encoded)
    plain = "Zoë.txt".encode()
    with zipfile.ZipFile(archive, "w") as zip_file:
        zip_file.writestr(zipfile.ZipInfo("x" * len(plain)), b"notes")
        zip_file.writestr(zipfile.ZipInfo("swarm\\submission.md"), b"text")
    archive.write_bytes(archive.read_bytes().replace(b"x" * len(plain), plain))
    assert {} == extract(archive, target)
    assert {"swarm/submission.md": b"text", "Zoë.txt": b"notes"} == read_files(target)


@pytest.mark.parametrize("make", [make_zip, lambda path, contents: make_tar(path.with_suffix(".tar"), contents)])
def test_files_of_systems(make: Callable[[Path, Mapping[str, bytes]], Path], tmp_path: Path, target: Path) -> None:
    """Files of tools and operating systems are not extracted, and count for no limit."""
    names = ["__MACOSX/._submission.md", ".DS_Store", "a/Thumbs.db", "lost+found/1", "a/@eaDir/x", "._submission.md"]
    names += [f"a/.git/objects/{number}" for number in range(20)]
    archive = make(tmp_path / "ada.zip", dict.fromkeys([*names, "a/submission.md"], b"text"))
    assert {} == extract(archive, target)
    assert ["a/submission.md"] == list(read_files(target))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "absolute path"),
        ("//server/share", "absolute path"),
        ("../secret", "path with '..'"),
        ("a/../../secret", "path with '..'"),
        ("C:/Users/secret", "path with a Windows drive"),
        ("d:secret", "path with a Windows drive"),
        ("x" * 300, "its name is longer than 255 bytes"),
        ("a/" * 60 + "deep", "folders are nested more than 40 levels deep"),
        ("/".join(["x" * 200] * 15), "its name is longer than 255 bytes, or its path longer than 2048"),
    ],
)
@pytest.mark.parametrize("make", [make_zip, lambda path, contents: make_tar(path.with_suffix(".tar"), contents)])
def test_paths(
    make: Callable[[Path, Mapping[str, bytes]], Path], name: str, reason: str, tmp_path: Path, target: Path
) -> None:
    """A member whose path leads elsewhere, or that no system could store, is named; all others are extracted."""
    archive = make(tmp_path / "ada.zip", {name: b"bad", "submission.md": b"text"})
    ((path, message),) = extract(archive, target).items()
    assert (True, True) == (path.startswith(str(Path(f"{archive.name}/{name[:100]}"))), message.startswith(reason))
    assert {"submission.md": b"text"} == read_files(target)
    assert {target, archive} == set(tmp_path.iterdir())


def test_backslash_in_tar(tmp_path: Path, target: Path) -> None:
    """In a tar archive, which Windows does not write with backslashes, such a path is left out."""
    assert {"ada.tar/..\\secret": "path with a backslash or a null character; it is not extracted"} == extract(
        make_tar(tmp_path / "ada.tar", {"..\\secret": b""}), target
    )


def test_backslashes_that_lead_out(tmp_path: Path, target: Path) -> None:
    """A backslash in a zip is a separator, so it cannot lead out of the folder."""
    archive = make_zip(tmp_path / "ada.zip", {"..\\..\\secret": b"", "C:\\secret": b"", "\\secret": b""})
    assert 3 == len(extract(archive, target))
    assert {} == read_files(target)


def test_control_characters(tmp_path: Path, target: Path) -> None:
    """The name of a member that is left out cannot write to the terminal."""
    ((path, _),) = extract(make_zip(tmp_path / "ada.zip", {"../\x1b[2Jsecret\r": b""}), target).items()
    assert path.isprintable()


def test_links_in_tar(tmp_path: Path, target: Path) -> None:
    """Links, devices and pipes in a tar are left out and named; files cannot be written through a link."""
    with tarfile.open(tmp_path / "ada.tar", "w") as archive:
        add_to_tar(archive, "out", type=tarfile.SYMTYPE, linkname="/tmp")
        add_to_tar(archive, "out/secret", b"secret")
        add_to_tar(archive, "hard", type=tarfile.LNKTYPE, linkname="../../etc/passwd")
        add_to_tar(archive, "device", type=tarfile.CHRTYPE, devmajor=1, devminor=5)
        add_to_tar(archive, "pipe", type=tarfile.FIFOTYPE)
    link, file = "symbolic link; replace it with the file itself", "not a regular file"
    hard_link = "hard link to '../../etc/passwd'; replace it with the file itself"
    assert {"ada.tar/out": link, "ada.tar/hard": hard_link, "ada.tar/device": file, "ada.tar/pipe": file} == extract(
        tmp_path / "ada.tar", target
    )
    assert {"out/secret": b"secret"} == read_files(target)


def test_links_in_zip(tmp_path: Path, target: Path) -> None:
    """Links and devices in a zip are left out and named."""
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        for name, kind in (("link", stat.S_IFLNK), ("device", stat.S_IFBLK)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    assert {
        "ada.zip/link": "symbolic link; replace it with the file itself",
        "ada.zip/device": "not a regular file",
    } == extract(tmp_path / "ada.zip", target)
    assert [] == list(target.iterdir())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_names(tmp_path: Path, target: Path) -> None:
    """Of two members of the same name the first one is extracted, and the other is named."""
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        for name in ("notes", "./notes", "notes/x", "folder/x", "folder"):
            archive.writestr(name, name)
    twice = "the archive contains this name more than once; the first one is used"
    assert {"ada.zip/notes": twice, "ada.zip/notes/x": twice, "ada.zip/folder": twice} == extract(
        tmp_path / "ada.zip", target
    )
    assert {"notes": b"notes", "folder/x": b"folder/x"} == read_files(target)


@pytest.mark.parametrize("make", [make_zip, lambda path, contents: make_tar(path.with_suffix(".tar.gz"), contents)])
def test_large_member(make: Callable[[Path, Mapping[str, bytes]], Path], tmp_path: Path, target: Path) -> None:
    """A file that is too large is left out and named; all others are extracted."""
    archive = make(tmp_path / "ada.zip", {"large": bytes(100_001), "small": b"small"})
    assert {f"{archive.name}/large": "too large; at most 97 kB are allowed"} == extract(archive, target)
    assert {"small": b"small"} == read_files(target)


def test_many_members(tmp_path: Path, target: Path) -> None:
    """An archive with too many members is refused, and the message says where."""
    archive = make_tar(tmp_path / "ada.tar", {str(number): b"" for number in range(11)})
    with pytest.raises(ArchiveError, match=r"ada\.tar: it has more than 10 files and folders \(reached at '10'\)"):
        extract(archive, target)


def test_long_list_of_members(tmp_path: Path, target: Path) -> None:
    """A zip whose list of members would use up the memory is refused before the list is read."""
    archive = make_zip(tmp_path / "ada.zip", {f"{number:0200}": b"" for number in range(6000)})
    with pytest.raises(ArchiveError, match="the list of its files is too large"):
        extract(archive, target, ArchiveLimits(max_members=10))


def test_large_headers_in_tar(tmp_path: Path, target: Path) -> None:
    """A tar whose headers would use up the memory is refused before they are read."""
    with tarfile.open(tmp_path / "ada.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        add_to_tar(archive, "notes", pax_headers={"comment": "x" * (2 << 20)})
    with pytest.raises(ArchiveError, match="the list of its files is too large"):
        extract(tmp_path / "ada.tar", target, ArchiveLimits())


def test_nested_headers_in_tar(tmp_path: Path, target: Path) -> None:
    """A tar that consists of headers for headers is refused."""
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    (tmp_path / "ada.tar").write_bytes(header.tobuf() * 1900)
    with pytest.raises(ArchiveError, match="it is damaged"):
        extract(tmp_path / "ada.tar", target, ArchiveLimits())


def test_negative_size_in_tar(tmp_path: Path, target: Path) -> None:
    """A tar whose member has a negative size, with which reading would never end, is refused."""
    header = bytearray(tarfile.TarInfo("notes").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + b"\xfe\x00"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "ada.tar").write_bytes(bytes(header) + bytes(1024))
    with pytest.raises(ArchiveError, match="it is damaged"):
        extract(tmp_path / "ada.tar", target)


@pytest.mark.parametrize("make", [make_zip, lambda path, contents: make_tar(path.with_suffix(".tar"), contents)])
def test_large_archive(make: Callable[[Path, Mapping[str, bytes]], Path], tmp_path: Path, target: Path) -> None:
    """An archive whose files are too large together is refused, and the message says where."""
    contents = {name: random.Random(name).randbytes(90_000) for name in "abc"}
    with pytest.raises(ArchiveError, match=r"its files are larger than 244 kB together \(reached at 'c'\)"):
        extract(make(tmp_path / "ada.zip", contents), target)


def test_archive_file_too_large(tmp_path: Path, target: Path) -> None:
    """An archive that is itself too large is not read."""
    archive = make_zip(tmp_path / "ada.zip", {"notes": b"notes"})
    with pytest.raises(ArchiveError, match=r"ada\.zip: it is larger than 0 kB"):
        extract(archive, target, ArchiveLimits(archive_bytes=10))


def test_compression_ratio(tmp_path: Path, target: Path) -> None:
    """A zip whose files are much larger than the archive is refused before they fill the disk."""
    archive = make_zip(tmp_path / "ada.zip", {str(number): bytes(90_000) for number in range(9)})
    limits = ArchiveLimits(max_ratio=50, ratio_exempt_bytes=100_000)
    with pytest.raises(ArchiveError, match="its files are more than 50 times as large as the archive"):
        extract(archive, target, limits)
    assert sum(map(len, read_files(target).values())) < 200_000


@pytest.mark.parametrize("suffix", ["tar.gz", "tar.bz2", "tar.xz"])
def test_compression_bomb(suffix: str, tmp_path: Path, target: Path) -> None:
    """A compressed tar is refused as soon as it exceeds the limit, whatever its members are."""
    archive = make_tar(tmp_path / f"ada.{suffix}", {"large": bytes(5 << 20)})
    with pytest.raises(ArchiveError, match="its files are larger than 0 MB together"):
        extract(archive, target)


def test_encrypted_zip(tmp_path: Path, target: Path) -> None:
    """An encrypted zip is refused, with the name of a member."""
    archive = make_zip(tmp_path / "ada.zip", {"submission.md": b"text"})
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(
        ArchiveError, match=r"ada\.zip: it is encrypted with a password \(reached at 'submission\.md'\)"
    ):
        extract(archive, target)


def test_unsupported_compression(tmp_path: Path, target: Path) -> None:
    """A zip with an unsupported compression is refused, with the name of the member."""
    archive = make_zip(tmp_path / "ada.zip", {"submission.md": b"text"})
    data = bytearray(archive.read_bytes())
    data[8] = data[data.index(b"PK\x01\x02") + 10] = 97
    archive.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"'submission\.md' is compressed in an unsupported way"):
        extract(archive, target)


@pytest.mark.parametrize("suffix", ["zip", *TAR_SUFFIXES])
def test_damaged_archive(suffix: str, tmp_path: Path, target: Path) -> None:
    """An archive that ends too early, or has a damaged byte, is refused instead of losing files silently."""
    make = make_zip if suffix == "zip" else make_tar
    contents = {name: random.Random(name).randbytes(3000) for name in "abcd"}
    archive = make(tmp_path / f"ada.{suffix}", contents)
    archive.write_bytes(archive.read_bytes()[:7000])
    with pytest.raises(ArchiveError, match=f"ada\\.{suffix}: it is damaged"):
        extract(archive, target)


def test_damaged_header_in_tar(tmp_path: Path, target: Path) -> None:
    """A tar with a damaged header after its first member is refused instead of losing the others silently."""
    archive = make_tar(tmp_path / "ada.tar", {"a": bytes(512), "b": b"b", "c": b"c"})
    data = bytearray(archive.read_bytes())
    data[1024:1030] = b"damage"
    archive.write_bytes(data)
    with pytest.raises(ArchiveError, match="it is damaged after 'a'"):
        extract(archive, target)


def test_damaged_content_in_zip(tmp_path: Path, target: Path) -> None:
    """A zip whose content does not match its checksum is refused, with the name of the member."""
    archive = tmp_path / "ada.zip"
    with zipfile.ZipFile(archive, "w") as zip_file:
        zip_file.writestr("submission.md", b"correct")
    archive.write_bytes(archive.read_bytes().replace(b"correct", b"changed"))
    with pytest.raises(ArchiveError, match=r"it is damaged at 'submission\.md'"):
        extract(archive, target)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\3\4", b"\x1f\x8b", b"Rar!\x1a\x07", b"text" * 500])
def test_no_archive(content: bytes, tmp_path: Path, target: Path) -> None:
    """A file that is not an archive is refused with a clear message."""
    (tmp_path / "ada.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"ada\.zip: it is damaged, or not a zip or tar archive"):
        extract(tmp_path / "ada.zip", target)


def test_no_file(tmp_path: Path, target: Path) -> None:
    """A pipe, a folder or a missing file is refused without waiting for anything."""
    os.mkfifo(tmp_path / "pipe.zip")
    for path in (tmp_path / "pipe.zip", target):
        with pytest.raises(ArchiveError, match="it is not a regular file"):
            extract(path, target)
    with pytest.raises(ArchiveError, match="the file does not exist"):
        extract(tmp_path / "none.zip", target)


def test_random_bytes(tmp_path: Path, target: Path) -> None:
    """Archives with random changes are extracted or refused, and never anything else."""
    numbers = random.Random(1)
    originals = [
        make(tmp_path / f"ada.{suffix}", {"a/submission.md": b"text" * 99, "b": b"b" * 600}).read_bytes()
        for make, suffix in ((make_zip, "zip"), (make_tar, "tar"), (make_tar, "tar.gz"), (make_tar, "tar.xz"))
    ]
    for number in range(300):
        data = bytearray(numbers.choice(originals))
        for _ in range(numbers.randint(1, 8)):
            data[numbers.randrange(min(len(data), 3000))] = numbers.randrange(256)
        (tmp_path / "changed").write_bytes(data)
        folder = target / str(number)
        folder.mkdir()
        with suppress(ArchiveError):
            extract(tmp_path / "changed", folder)


def test_error_can_be_pickled() -> None:
    """The error can be sent between processes."""
    error = pickle.loads(pickle.dumps(ArchiveError("ada.zip", "it is damaged")))
    assert ("ada.zip", "it is damaged") == (error.archive, error.reason)
