"""YAML with a JSON Schema, front matter above all: every problem found at once and placed on its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from runner.lessons import learner_values, strict_yaml
from runner.lessons.problems import Problem


def parse_validated_yaml(
    path: Path, text: str, first_line: int, schema_file: str, label: str = "front matter"
) -> tuple[dict[str, Any], list[Problem]]:
    """Parse YAML and hold it against a schema.

    Args:
        path: The file it stands in.
        text: The YAML, without its `---` fences.
        first_line: The line of the file that the YAML begins on, counted from 1.
        schema: The schema's file name, beside this module.
        what: What messages call it.

    Returns:
        The data, empty where it is not even a mapping, and what is wrong with it.

    """
    try:
        data, root = strict_yaml.parse_strict_yaml(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return {}, [Problem(path, first_line + (mark.line if mark else 0), f"{label}: {error.problem}")]
    except yaml.reader.ReaderError as error:
        line = first_line + text[: error.position].count("\n")
        return {}, [Problem(path, line, f"{label}: {error.reason}")]
    if not isinstance(data, dict) or root is None:
        return {}, [Problem(path, first_line, f"{label}: it must be a mapping of keys to values")]
    problems = [
        Problem(path, first_line + _line(root, list(error.absolute_path), error), f"{label}: {_message(error)}")
        for error in _validator(schema_file).iter_errors(data)
    ]
    return data, problems


@cache
def _validator(schema: str) -> Any:
    # JSON Schema takes 5.0 for an integer, and a kernel does not.
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _types, value: type(value) is int)
    ours = {"uniqueBy": _unique_by, "drawable": _drawable}
    made = validators.extend(Draft202012Validator, ours, type_checker=types)  # type: ignore[no-untyped-call]
    return made(json.loads((Path(__file__).parent / schema).read_text("utf-8")))


def _unique_by(_validator: Any, key: str, items: Any, _schema: Any) -> Iterator[ValidationError]:
    seen = set()
    for index, item in enumerate(items if isinstance(items, list) else ()):
        value = str(item[key]) if isinstance(item, dict) and key in item else None
        if value is not None and value in seen:
            yield ValidationError(f"'{value}' is taken already", path=(index, key))
        seen.add(value)


def _drawable(_validator: Any, _wanted: Any, spec: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(spec, dict) and (message := learner_values.find_declaration_error(spec)):
        yield ValidationError(message)


def _line(root: yaml.Node, keys: list[str | int], error: ValidationError) -> int:
    node = root
    line = root.start_mark.line
    if error.validator == "additionalProperties":
        keys = [*keys, *_extra_keys(error)[:1]]
    elif "propertyNames" in error.absolute_schema_path:
        keys = [*keys, str(error.instance)]
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(key)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
            line = node.start_mark.line
    return line


def _extra_keys(error: ValidationError) -> list[str]:
    known = error.schema["properties"] if isinstance(error.schema, dict) else {}
    return [key for key in error.instance if key not in known] if isinstance(error.instance, dict) else []


def _message(error: ValidationError) -> str:
    where = ".".join(str(key) for key in error.absolute_path)
    prefix = f"'{where}': " if where else ""
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = ", ".join(error.schema["properties"])
        return f"{prefix}unknown key {', '.join(map(repr, _extra_keys(error)))}; known are {known}"
    if error.validator == "required":
        return f"{prefix}{error.message.replace('is a required property', 'is missing')}"
    return f"{prefix}{error.message}"
