"""The files of a report folder: an index for the instructor, and `learners/` with a page for each learner."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from types import ModuleType

from runner.grading.grade_model import Grade
from runner.grading.similarity import SimilarPair

# In its own folder, so that the pages can be published without the index.
_LEARNERS_FOLDER = "learners"
_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_UNSAFE_CHARS = re.compile(r"[^a-z0-9]+")
# Windows reserves these names in every folder, with any suffix.
_WINDOWS_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
_MAX_STEM_LENGTH = 40


def render_folder_files(
    page_format: ModuleType, grades: Sequence[Grade], pairs: Sequence[SimilarPair]
) -> dict[str, str]:
    """Return the texts of all files by their paths; the index comes last, so that its links always work.

    Args:
        page_format: The module that renders pages, with `SUFFIX`, `render_learner_page` and `render_index_page`.
        grades: The grades.
        pairs: The submissions that resemble each other; only the index mentions them.

    """
    pages = [f"{_LEARNERS_FOLDER}/{name}{page_format.SUFFIX}" for name in _list_page_names(grades)]
    files = {page: page_format.render_learner_page(grade) for page, grade in zip(pages, grades, strict=True)}
    return {**files, f"index{page_format.SUFFIX}": page_format.render_index_page(grades, pages, pairs)}


def _list_page_names(grades: Sequence[Grade]) -> Iterator[str]:
    """Yield a name for each page that every file system and URL accepts, and that no other submission can choose.

    It depends neither on the order of the submissions nor on the other ones, unless several have the same name.
    """
    counts = Counter(grade.submission for grade in grades)
    for grade in grades:
        name = grade.submission
        if _SAFE_NAME.fullmatch(name) and not _WINDOWS_DEVICES.fullmatch(name) and counts[name] == 1:
            yield name
        else:
            identity = "\0".join((name, grade.lab, grade.folder) if counts[name] > 1 else (name,))
            # A safe name has no tilde, so no submission can be named like this.
            digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            stem = _UNSAFE_CHARS.sub("-", name.lower())[:_MAX_STEM_LENGTH].strip("-") or "learner"
            yield f"{stem}~{digest}"
