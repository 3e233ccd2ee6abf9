"""JSON with all data, including hidden checks, in the format `labs-grades/1`: for instructors."""

from __future__ import annotations

import json
from collections.abc import Sequence

from runner import __version__
from runner.grading.classes.class_statistics import compute_statistics
from runner.grading.grade_model import Grade
from runner.grading.similarity import SimilarPair
from runner.storage import codec

FORMAT = "labs-grades/1"


def render(grades: Sequence[Grade], pairs: Sequence[SimilarPair] = ()) -> str:
    """Return the report, which `runner/grading/grades.schema.json` describes; `pairs` are similar submissions."""
    statistics = codec.to_builtins(compute_statistics(grades))
    header = {
        "format": FORMAT,
        "version": __version__,
        "similar": codec.to_builtins(list(pairs)),
        "statistics": statistics,
    }
    # One line per grade, because indenting would take five times as long. ASCII only, so that no reader can assume
    # another encoding.
    lines = ",\n".join(json.dumps(grade.to_json_dict()) for grade in grades)
    return f'{json.dumps(header)[:-1]}, "grades": [\n{lines}\n]}}\n'
