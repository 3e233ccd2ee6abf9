"""The objects of a node engine that words of a command line name, from what `docker inspect` printed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def parse_inspected_objects(words: str, details: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each word that names an object, and what `docker inspect` printed about the object.

    Args:
        words: The words, with spaces between them.
        details: The output of `docker inspect` for all words, in Base64.

    Raises:
        ValueError: The output is damaged.

    """
    inspected = [item for item in json.loads(base64.b64decode(details)) if isinstance(item, dict)]
    for word in words.split():
        for item in _find_object(word, inspected):
            yield word, item


def _find_object(word: str, inspected: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the object that a word names, by its name or by the first characters of its identifier; else nothing."""
    by_name = [item for item in inspected if str(item.get("Name", "")).removeprefix("/") == word]
    by_identifier = [
        item
        for item in inspected
        if str(item.get("Id") or item.get("ID") or "").removeprefix("sha256:").startswith(word)
    ]
    return [*by_name, *by_identifier][:1]
