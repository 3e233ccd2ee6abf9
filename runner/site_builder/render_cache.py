"""Cache rendered lessons on disk, because most lessons do not change between two builds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from runner import paths
from runner.lessons import parse_cache
from runner.lessons.glossary import Glossary
from runner.site_builder.lesson_renderer import LessonRenderer, RenderedLesson, RenderedSection
from runner.storage import cache as disk_cache

_LIBRARIES = ("jinja2", "markdown-it-py", "markupsafe", "pygments")


@dataclass(frozen=True, slots=True)
class CachedLesson:
    """The cached parts of a rendered lesson."""

    intro: RenderedSection
    steps: tuple[RenderedSection, ...]
    anchors: Mapping[str, tuple[int, str]]


def hash_shared_inputs(texts: Mapping[str, str], glossary: Glossary, step_ids: Mapping[str, frozenset[str]]) -> bytes:
    """Return a digest of everything that all rendered lessons of one language depend on.

    Args:
        texts: The site's interface texts.
        glossary: The terms that lessons link to.
        step_ids: The step ids of every lab, which lessons may link to.

    """
    sorted_ids = {lab: sorted(ids) for lab, ids in sorted(step_ids.items())}
    blocks_template = (paths.site_folder() / "templates" / "blocks.html").read_bytes()
    values = repr((sorted(texts.items()), glossary.terms, sorted_ids)).encode()
    return _compute_digest(_compute_code_digest(), blocks_template, values)


def load_or_render_lesson(
    renderer: LessonRenderer, english_lesson: RenderedLesson | None, shared_digest: bytes
) -> RenderedLesson:
    """Return a lesson as HTML, from the cache if nothing it depends on has changed.

    Args:
        renderer: Renders the lesson if it is not cached.
        english_lesson: The rendered English lesson, if this lesson is a translation.
        shared_digest: The digest from `hash_shared_inputs`.

    """
    localized = renderer.localized_lab
    lab = localized.lab
    # A translation takes its nodes and anchors from the English lesson.
    files = [lab.folder / "lesson.md", localized.source_file]
    checks = sorted(renderer.check_descriptions.items())
    values = repr((lab.name, lab.values, localized.language, renderer.links.root_path, checks)).encode()
    digest = _compute_digest(shared_digest, values, *(path.read_bytes() for path in files))
    entry_name = f"pages/{localized.language}/{lab.name}"
    cached = disk_cache.load_entry(entry_name, digest)
    if isinstance(cached, CachedLesson):
        return RenderedLesson(localized, cached.intro, cached.steps, cached.anchors, ())
    rendered = renderer.render_lesson(english_lesson)
    # Not cached: lessons with problems, which every build must report, and lessons that link to files, whose existence
    # every build must check.
    if not rendered.problems and not renderer.links.linked_files:
        disk_cache.store_entry(entry_name, digest, CachedLesson(rendered.intro, rendered.steps, rendered.anchors))
    return rendered


@cache
def _compute_code_digest() -> bytes:
    """Return a digest of the parser, of this package's source code, and of the versions of the libraries it uses."""
    versions = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    sources = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return _compute_digest(parse_cache.hash_parser_sources(), "\n".join(versions).encode(), *sources)


def _compute_digest(*values: bytes) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(value).digest() for value in values)).digest()
