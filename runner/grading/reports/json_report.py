"""All there is to know, hidden checks included, as JSON `labs-grades/1`: for instructors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from runner import __version__
from runner.grading.grade_model import Grade
from runner.grading.similarity import SimilarPair

FORMAT = "labs-grades/1"


def render(grades: Sequence[Grade], pairs: Sequence[SimilarPair] = ()) -> str:
    """Return the report, as `runner/grading/grades.schema.json` describes it; pairs of submissions are those alike."""
    about = {"format": FORMAT, "version": __version__, "similar": [asdict(pair) for pair in pairs]}
    # A grade a line: laid out further it would take five times as long. And nothing but ASCII, lest a reader take it
    # for another encoding.
    lines = ",\n".join(json.dumps(grade.as_json()) for grade in grades)
    return f'{json.dumps(about)[:-1]}, "grades": [\n{lines}\n]}}\n'
