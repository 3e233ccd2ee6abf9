"""Readers of reports for other grading platforms, written from the documentation of their formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

_VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
# Gradescope's page 'Autograder Specifications', 'Output Format'.
_GRADESCOPE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "visibility": _VISIBILITY,
        "stdout_visibility": _VISIBILITY,
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": _FORMAT,
                    "output": {"type": "string"},
                    "output_format": _FORMAT,
                    "visibility": _VISIBILITY,
                },
            },
        },
    },
}
_TEXT = {"type": "string", "minLength": 1}
_NUMBER = {"type": "integer", "minimum": 0}
_TIMESTAMP = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
# Classroom 50's page 'Advanced Autograding', 'The result.json contract'.
_CLASSROOM50 = {
    "type": "object",
    "required": ["schema", "classroom", "assignment", "submission", "commit", "release", "score", "max-score", "tests"],
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        "assignment_type": {"enum": ["individual", "group", "team"]},
        **dict.fromkeys(("classroom", "assignment", "owner", "submission", "commit", "release", "review"), _TEXT),
        **dict.fromkeys(("datetime", "graded_at"), _TIMESTAMP),
        **dict.fromkeys(("score", "max-score"), _NUMBER),
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": _TEXT,
                    "passed": {"type": "boolean"},
                    "score": _NUMBER,
                    "max-score": _NUMBER,
                },
            },
        },
    },
}


def read_gradescope(file: Path) -> dict[str, Any]:
    """Read a `results.json` as Gradescope does."""
    return _read_json(file, _GRADESCOPE)


def read_classroom50(file: Path) -> dict[str, Any]:
    """Read a `result.json` as Classroom 50 does: its totals must be the sums of its tests."""
    result = _read_json(file, _CLASSROOM50)
    for key in ("score", "max-score"):
        assert sum(test[key] for test in result["tests"]) == result[key]
    return result


def _read_json(file: Path, schema: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(file.read_text("utf-8"))
    jsonschema.validate(data, schema)
    return data
