"""JSON for frozen dataclasses: state files, image records, and messages between our processes.

Fields keep their names. Paths and enum members become strings, sets become sorted lists, times become ISO 8601.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class DecodeError(ValueError):
    """The data is not JSON, or does not have the expected type; the message names the field."""


def encode_json(value: object, *, indent: int | None = None) -> str:
    """Return a dataclass, or a container of dataclasses, as JSON text in ASCII."""
    # Not msgspec's own JSON encoder, which refuses file names that are not valid UTF-8.
    return json.dumps(to_builtins(value), indent=indent)


def decode_json(text: str | bytes, data_type: type[T]) -> T:
    """Return the value that JSON text describes.

    Args:
        text: The text.
        data_type: A dataclass, or a container type such as `tuple[NodeImage, ...]`.

    Raises:
        DecodeError: The text is not JSON, or describes something else.

    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"it is not JSON: {error}") from error
    return from_builtins(data, data_type)


def to_builtins(value: object) -> Any:
    """Return a dataclass, or a container of dataclasses, as dicts, lists, strings and numbers."""
    # Imported here because it takes 5 ms to load, which `labs --help` does not need.
    import msgspec

    return msgspec.to_builtins(value, order="deterministic", enc_hook=_encode_path)


def from_builtins(data: object, data_type: type[T]) -> T:
    """Return the value that dicts, lists, strings and numbers describe; unknown keys are ignored.

    Args:
        data: What `to_builtins` returned, or JSON that was parsed.
        data_type: A dataclass, or a container type such as `tuple[NodeImage, ...]`.

    Raises:
        DecodeError: A field is missing or has another type.

    """
    import msgspec

    try:
        return msgspec.convert(data, data_type, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        raise DecodeError(str(error)) from error


def _encode_path(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"cannot encode {type(value).__name__} as JSON")


def _decode_path(data_type: type[T], data: object) -> T:
    if issubclass(data_type, Path) and isinstance(data, str):
        return data_type(data)
    raise TypeError(f"cannot decode {type(data).__name__} as {data_type.__name__}")
