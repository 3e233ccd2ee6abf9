"""Dataclasses are encoded as JSON and decoded to equal values; other data is refused with the field's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import pytest

from runner.storage import codec


class Colour(StrEnum):
    """An enum, to be encoded as its value."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Item:
    """A dataclass in a dataclass."""

    name: str
    tags: frozenset[str] = frozenset()
    bought: datetime | None = None


@dataclass(frozen=True, slots=True)
class Basket:
    """A dataclass with a field of each type that our files contain."""

    folder: Path
    colour: Colour
    items: tuple[Item, ...] = ()
    prices: Mapping[str, float] = field(default_factory=dict)
    lid: Path | None = None


FULL = Basket(
    Path("/srv/ä-\udcff"),
    Colour.RED,
    (Item("egg", frozenset({"white", "brown", "large"}), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)), Item("\ud800")),
    {"egg": 0.3},
    Path("lid"),
)


@pytest.mark.parametrize("basket", [FULL, Basket(Path(), Colour.RED)])
def test_round_trip(basket: Basket) -> None:
    """A decoded value equals the encoded one, even with file names that are not valid UTF-8."""
    assert basket == codec.decode_json(codec.encode_json(basket), Basket)


def test_format() -> None:
    """The JSON is readable: the fields' names, sorted sets, enum values, and ISO 8601 times."""
    assert {
        "folder": "/srv/ä-\udcff",
        "colour": "red",
        "items": [
            {"name": "egg", "tags": ["brown", "large", "white"], "bought": "2026-01-02T03:04:05Z"},
            {"name": "\ud800", "tags": [], "bought": None},
        ],
        "prices": {"egg": 0.3},
        "lid": "lid",
    } == json.loads(codec.encode_json(FULL))


def test_unknown_keys() -> None:
    """Keys that the dataclass does not have are ignored."""
    assert Item("egg") == codec.decode_json('{"name": "egg", "colour": "brown"}', Item)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        (b"\xff\xfe{", "it is not JSON"),
        ("null", "Expected `object`"),
        ("{}", "missing required field `folder`"),
        ('{"folder": 1, "colour": "red"}', r"\$.folder"),
        ('{"folder": "/", "colour": "blue"}', r"\$.colour"),
        ('{"folder": "/", "colour": "red", "items": [{"name": 1}]}', r"\$.items\[0\].name"),
        ('{"folder": "/", "colour": "red", "items": [{"name": "egg", "bought": "today"}]}', r"\$.items\[0\].bought"),
        ('{"folder": "/", "colour": "red", "prices": {"egg": "3"}}', r"\$.prices\[...\]"),
    ],
)
def test_foreign_data(text: str | bytes, message: str) -> None:
    """Data of another type is refused, with what is wrong and in which field."""
    with pytest.raises(codec.DecodeError, match=message):
        codec.decode_json(text, Basket)


def test_unsupported_type() -> None:
    """A value that has no form in JSON is a programming error, not silently dropped."""
    with pytest.raises(TypeError):
        codec.encode_json(object())
