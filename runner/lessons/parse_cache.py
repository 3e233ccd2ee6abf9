"""Remembers what a lesson was parsed to, since the parsers alone take longer to import than a command may take."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lab, Lesson
from runner.storage import cache as notes

_PARSER = Path(__file__).parent


def load_cached_lab(folder: Path, learner: Learner = NO_LEARNER) -> Lab:
    """Read the lab in a folder, or recall it if neither its lesson nor our parser has changed since.

    Args:
        folder: The folder.
        learner: Whose values it has.

    Raises:
        BrokenLabError: With every problem of its lesson, as `file:line: message`.

    """
    digest = _digest(folder)
    found = _lab(folder, NO_LEARNER, f"lessons/{folder.name}", digest)
    own = replace(found, learner=learner)
    if own.values == found.values:
        return own
    digest = digest and hashlib.sha256(digest + repr(own.values).encode()).digest()
    # One for all learners: a machine has one of them, and where many are graded a parser is the least.
    return _lab(folder, learner, f"lessons/{folder.name}.drawn", digest)


def _lab(folder: Path, learner: Learner, note: str, digest: bytes) -> Lab:
    lesson = notes.load(note, digest) if digest else None
    if isinstance(lesson, Lesson):
        return Lab(folder.name, folder, lesson, learner)
    from runner.lessons import parse

    read = parse.parse_lab(folder, learner)
    if digest:
        notes.store(note, digest, read.lesson)
    return read


def _digest(folder: Path) -> bytes:
    """Return what tells this reading from any other; nothing where a file is missing, which the parser must tell."""
    total = hashlib.sha256()
    try:
        (folder / "setup.sh").stat()
        total.update(hashlib.sha256((folder / "lesson.md").read_bytes()).digest())
    except OSError:
        return b""
    total.update(hash_parser_sources())
    return total.digest()


@cache
def hash_parser_sources() -> bytes:
    """Return what tells our parser from any other."""
    total = hashlib.sha256()
    for path in (*sorted(_PARSER.glob("*.py")), *sorted(_PARSER.glob("*.json"))):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.digest()
