"""A folder for a class: an index for the instructor, and below `learners` a page of each learner's to hand out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from types import ModuleType

from runner.grading.grade_model import Grade
from runner.grading.similarity import SimilarPair

# Below the index, so that the pages can be handed out without it.
_LEARNERS = "learners"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ELSE = re.compile(r"[^a-z0-9]+")
# Devices of Windows, in whatever folder they are named and whatever comes after a full stop.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
_LONGEST = 40


def render_files(form: ModuleType, grades: Sequence[Grade], pairs: Sequence[SimilarPair]) -> dict[str, str]:
    """Return the files of the folder by their paths in it; the index last, so that its links never lead nowhere.

    Args:
        form: What they are written in: a module with `SUFFIX`, `learner` and `index`.
        grades: The grades.
        pairs: Which submissions resemble each other; the index alone tells it.

    """
    pages = [f"{_LEARNERS}/{name}{form.SUFFIX}" for name in _names(grades)]
    found = {page: form.render_learner(grade) for page, grade in zip(pages, grades, strict=True)}
    return {**found, f"index{form.SUFFIX}": form.render_index(grades, pages, pairs)}


def _names(grades: Sequence[Grade]) -> Iterator[str]:
    """Yield a name for each page that is fit for every file system and every URL, and no other submission's.

    It does not depend on the order of submissions, nor on who else is in the class as long as nobody has the same name.
    """
    often = Counter(grade.submission for grade in grades)
    for grade in grades:
        name = grade.submission
        if _PLAIN.fullmatch(name) and not _DEVICES.fullmatch(name) and often[name] == 1:
            yield name
        else:
            told = "\0".join((name, grade.lab, grade.folder) if often[name] > 1 else (name,))
            # A plain name has no tilde, so none can be chosen to be this one.
            marked = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            yield f"{_ELSE.sub('-', name.lower())[:_LONGEST].strip('-') or 'learner'}~{marked}"
