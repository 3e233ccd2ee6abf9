"""Undo what happens to files on their way: archives and Windows lose execute permissions and change line ends.

Only what leaves no doubt is repaired, and a report says so.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import replace

from runner.grading.snapshot import SnapshotFile
from runner.grading.submission_search import join_names

_SCRIPT_SUFFIXES = (".sh", ".bash")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHEBANG = re.compile(rb"#!\s*/")


def convert_to_utf8(content: bytes) -> tuple[bytes, str]:
    """Return text as UTF-8, and the encoding that it was converted from; empty if it is unchanged.

    Editors on Windows write UTF-16 with a byte order mark, or Windows-1252. What is in neither of these is no text.
    """
    if content.startswith(_UTF16_MARKS):
        return _convert(content, "utf-16", "UTF-16")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return (content, "") if b"\0" in content else _convert(content, "cp1252", "Windows-1252")
    return content, ""


def _convert(content: bytes, encoding: str, name: str) -> tuple[bytes, str]:
    try:
        return content.decode(encoding).encode("utf-8"), name
    except UnicodeError:
        return content, ""


def repair_scripts(files: Sequence[SnapshotFile]) -> tuple[tuple[SnapshotFile, ...], list[str]]:
    """Return files in which each script can be run, and notes about those that were changed.

    A script is a file that starts with `#!`, or whose name ends in `.sh` or `.bash`.
    """
    repaired = [_repair_script(file) if _is_script(file) else file for file in files]
    pairs = list(zip(files, repaired, strict=True))
    converted = [new.path for old, new in pairs if new.content != old.content]
    permitted = [new.path for old, new in pairs if new.is_executable != old.is_executable]
    notes = []
    if converted:
        notes.append(f"line ends of Windows were converted in {join_names(converted)}")
    if permitted:
        notes.append(f"made executable: {join_names(permitted)}")
    return tuple(repaired), notes


def _is_script(file: SnapshotFile) -> bool:
    has_shebang = _SHEBANG.match(file.content.removeprefix(codecs.BOM_UTF8)) is not None
    return has_shebang or file.path.lower().endswith(_SCRIPT_SUFFIXES)


def _repair_script(file: SnapshotFile) -> SnapshotFile:
    content = file.content
    # The system does not recognize a script that starts with a byte order mark.
    if content.startswith(codecs.BOM_UTF8 + b"#!"):
        content = content.removeprefix(codecs.BOM_UTF8)
    first_line, line_feed, _ = content.partition(b"\n")
    # A script that has carriage returns only in some later lines may need them.
    if line_feed and first_line.endswith(b"\r"):
        content = content.replace(b"\r\n", b"\n")
    return replace(file, content=content, is_executable=True)
