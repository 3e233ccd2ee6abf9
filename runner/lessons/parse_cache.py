"""Cache parsed lessons, because importing the parsers alone takes longer than a command should take."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lab, Lesson
from runner.storage import cache as file_cache

_PARSER_FOLDER = Path(__file__).parent


def load_or_parse_lab(folder: Path, learner: Learner = NO_LEARNER) -> Lab:
    """Return the lab in a folder, from the cache if neither its lesson nor the parser has changed.

    Args:
        folder: The folder.
        learner: The learner whose values are filled in.

    Raises:
        BrokenLabError: Its lesson has problems; the error lists all, as `file:line: message`.

    """
    digest = _hash_inputs(folder)
    lab = _load_lab(folder, NO_LEARNER, f"lessons/{folder.name}", digest)
    learner_lab = replace(lab, learner=learner)
    if learner_lab.values == lab.values:
        return learner_lab
    digest = digest and hashlib.sha256(digest + repr(learner_lab.values).encode()).digest()
    # Only one cache entry for all learners: a host usually has one, and grading takes much longer than parsing.
    return _load_lab(folder, learner, f"lessons/{folder.name}.drawn", digest)


def _load_lab(folder: Path, learner: Learner, cache_key: str, digest: bytes) -> Lab:
    lesson = file_cache.load_entry(cache_key, digest) if digest else None
    if isinstance(lesson, Lesson):
        return Lab(folder.name, folder, lesson, learner)
    from runner.lessons import parse

    lab = parse.parse_lab(folder, learner)
    if digest:
        file_cache.store_entry(cache_key, digest, lab.lesson)
    return lab


def _hash_inputs(folder: Path) -> bytes:
    """Return a hash of the lesson and the parser; empty if a file is missing, which the parser must report."""
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
    """Return a hash of the parser's source files and schemas."""
    total = hashlib.sha256()
    for path in (*sorted(_PARSER_FOLDER.glob("*.py")), *sorted(_PARSER_FOLDER.glob("*.json"))):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.digest()
