"""Parse and validate YAML, such as front matter; all problems are reported at once, each with its line number."""

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


def parse_yaml_and_collect_problems(
    path: Path, text: str, first_line: int, schema_file: str, label: str = "front matter"
) -> tuple[dict[str, Any], list[Problem]]:
    """Parse YAML and validate it against a JSON schema.

    Args:
        path: The file that contains the YAML.
        text: The YAML, without its `---` lines.
        first_line: The line of the file where the YAML starts, counted from 1.
        schema_file: The name of the schema file next to this module.
        label: The name of the YAML in error messages.

    Returns:
        The data, empty if it is not a mapping, and its problems.

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
        Problem(path, first_line + _find_line(root, list(error.absolute_path), error), f"{label}: {_format(error)}")
        for error in _create_validator(schema_file).iter_errors(data)
    ]
    return data, problems


@cache
def _create_validator(schema_file: str) -> Any:
    # JSON Schema accepts 5.0 as an integer, but the command line of a VM's kernel does not.
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _types, value: type(value) is int)
    keywords = {"uniqueBy": _check_unique_by, "drawable": _check_drawable}
    validator = validators.extend(Draft202012Validator, keywords, type_checker=types)  # type: ignore[no-untyped-call]
    return validator(json.loads((Path(__file__).parent / schema_file).read_text("utf-8")))


def _check_unique_by(_validator: Any, key: str, items: Any, _schema: Any) -> Iterator[ValidationError]:
    seen = set()
    for index, item in enumerate(items if isinstance(items, list) else ()):
        value = str(item[key]) if isinstance(item, dict) and key in item else None
        if value is not None and value in seen:
            yield ValidationError(f"'{value}' is already used", path=(index, key))
        seen.add(value)


def _check_drawable(_validator: Any, _value: Any, spec: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(spec, dict) and (message := learner_values.find_value_declaration_error(spec)):
        yield ValidationError(message)


def _find_line(root: yaml.Node, keys: list[str | int], error: ValidationError) -> int:
    """Return the line of an error, counted from 0: that of the innermost key that exists."""
    node = root
    line = root.start_mark.line
    if error.validator == "additionalProperties":
        keys = [*keys, *_list_unknown_keys(error)[:1]]
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


def _list_unknown_keys(error: ValidationError) -> list[str]:
    valid_keys = error.schema["properties"] if isinstance(error.schema, dict) else {}
    return [key for key in error.instance if key not in valid_keys] if isinstance(error.instance, dict) else []


def _format(error: ValidationError) -> str:
    location = ".".join(str(key) for key in error.absolute_path)
    prefix = f"'{location}': " if location else ""
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        valid_keys = ", ".join(error.schema["properties"])
        return f"{prefix}unknown key {', '.join(map(repr, _list_unknown_keys(error)))}; valid keys: {valid_keys}"
    if error.validator == "required":
        return f"{prefix}{error.message.replace('is a required property', 'is missing')}"
    return f"{prefix}{error.message}"
