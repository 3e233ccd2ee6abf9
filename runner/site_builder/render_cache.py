"""Remembers what lessons were rendered to, since between two builds most of them stay as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from runner import paths
from runner.lessons import parse_cache
from runner.site_builder.glossary import Glossary
from runner.site_builder.lesson_renderer import Rendered, Renderer, Section
from runner.storage import cache as notes

_LIBRARIES = ("jinja2", "markdown-it-py", "markupsafe", "pygments")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a rendered lesson."""

    intro: Section
    steps: tuple[Section, ...]
    places: Mapping[str, tuple[int, str]]


def basis(words: Mapping[str, str], terms: Glossary, steps: Mapping[str, frozenset[str]]) -> bytes:
    """Return what tells that from which every lesson of a language is made from all else.

    Args:
        words: The words of the site's own.
        terms: The glossary.
        steps: For every lab its steps' ids, to which lessons may link.

    """
    ids = {lab: sorted(found) for lab, found in sorted(steps.items())}
    pieces = (paths.site_folder() / "templates" / "blocks.html").read_bytes()
    return _digest(_code(), pieces, repr((sorted(words.items()), terms.terms, ids)).encode())


def lesson(renderer: Renderer, original: Rendered | None, shared: bytes) -> Rendered:
    """Return a lesson as HTML, recalled if it was rendered before from the very same.

    Args:
        renderer: Renders it otherwise.
        original: The English lesson, where this one is another language's.
        shared: What tells the basis of all lessons from any other.

    """
    edition = renderer.edition
    # A translation takes nodes and anchors from the English lesson.
    files = [edition.lab.folder / "lesson.md", edition.file]
    lab, checks = edition.lab, sorted(renderer.checks.items())
    named = repr((lab.name, lab.values, edition.language, renderer.links.shared, checks))
    digest = _digest(shared, named.encode(), *(path.read_bytes() for path in files))
    note = f"pages/{edition.language}/{edition.lab.name}"
    found = notes.load(note, digest)
    if isinstance(found, Kept):
        return Rendered(edition, found.intro, found.steps, found.places, ())
    made = renderer.render(original)
    # What is wrong is told each time, and whether a file is there that a lesson leads to is looked at each time.
    if not made.problems and not renderer.links.files:
        notes.store(note, digest, Kept(made.intro, made.steps, made.places))
    return made


@cache
def _code() -> bytes:
    """Return what tells our renderer, and the libraries that it stands on, from any other."""
    versions = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    ours = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return _digest(parse_cache.parser(), "\n".join(versions).encode(), *ours)


def _digest(*pieces: bytes) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces)).digest()
