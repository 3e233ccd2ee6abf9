"""Values that differ per learner, such as names, ports and counts, so that answers cannot be shared."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# More choices would not make guessing any harder.
_MAX_RANGE_SIZE = 1000
# Replaces a value whose declaration is invalid, so that the rest of the lesson can still be checked.
_PLACEHOLDER_CHOICE = "value"


@dataclass(frozen=True, slots=True)
class Learner:
    """The learner for whom values are drawn.

    Attributes:
        id: The learner's id in the course; empty for no learner, who gets the lesson's default values.
        seed: A word chosen by the instructor; another seed draws other values for the same learners.

    """

    id: str = ""
    seed: str = ""

    def __bool__(self) -> bool:
        """Return whether there is a learner."""
        return bool(self.id)


NO_LEARNER = Learner()


@dataclass(frozen=True, slots=True)
class ValueDeclaration:
    """The declaration of a value that is drawn per learner.

    Attributes:
        name: Its name, which the lesson's files use in angle brackets.
        choices: The possible values, in the order of the lesson.
        default: The value without a learner.

    """

    name: str
    choices: tuple[str, ...]
    default: str


def draw_values(lab: str, values: Iterable[ValueDeclaration], learner: Learner) -> dict[str, str]:
    """Return a learner's values in a lab, by name."""
    return {value.name: draw_value(lab, value, learner) for value in values}


def draw_value(lab: str, value: ValueDeclaration, learner: Learner) -> str:
    """Return a learner's value, which is the same on every host and in every version of Python and labs.

    The SHA-256 of `labs-values/1`, the seed, the lab, the learner's id and the value's name is read as a big-endian
    number. Its remainder modulo the number of choices is the index of the choice. The words are encoded as UTF-8 (the
    learner's id in Unicode normal form C) and joined with zero bytes.
    """
    if not learner:
        return value.default
    # macOS encodes accented letters in folder names differently.
    words = ("labs-values/1", learner.seed, lab, unicodedata.normalize("NFC", learner.id), value.name)
    digest = hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).digest()
    return value.choices[int.from_bytes(digest, "big") % len(value.choices)]


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Return a text with each name in angle brackets replaced by its value; the number of lines does not change."""
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text


def describe_values(learner: Learner, values: Mapping[str, str]) -> str:
    """Return a line of text with the learner's id and values."""
    assignments = ", ".join(f"{name} is {value}" for name, value in values.items())
    return f"Values for {learner.id}: {assignments or 'this lab has none'}."


def parse_value_declarations(front_matter: Mapping[str, Any]) -> tuple[ValueDeclaration, ...]:
    """Return the values that a lesson's front matter declares, even if the front matter is invalid."""
    declarations = front_matter.get("values")
    specs = declarations.items() if isinstance(declarations, dict) else ()
    return tuple(_parse_declaration(str(name), spec if isinstance(spec, dict) else {}) for name, spec in specs)


def find_value_declaration_error(spec: Mapping[str, Any]) -> str:
    """Return what is wrong with the combination of keys in a declaration; empty if nothing is."""
    if {"among", "from", "to"} & {*spec} not in ({"among"}, {"from", "to"}):
        return "it needs either 'among', or both 'from' and 'to'"
    first, last = spec.get("from"), spec.get("to")
    if type(first) is int and type(last) is int:
        if first >= last:
            return f"'to' must be greater than 'from', which is {first}"
        if last - first >= _MAX_RANGE_SIZE:
            return f"the range from {first} to {last} has more than {_MAX_RANGE_SIZE} numbers"
    choices = _list_choices(spec)
    if "default" in spec and choices and str(spec["default"]) not in choices:
        return f"the default '{spec['default']}' is not one of the possible values"
    return ""


def _parse_declaration(name: str, spec: Mapping[str, Any]) -> ValueDeclaration:
    choices = _list_choices(spec) or (_PLACEHOLDER_CHOICE,)
    return ValueDeclaration(name, choices, str(spec.get("default", choices[0])))


def _list_choices(spec: Mapping[str, Any]) -> tuple[str, ...]:
    among, first, last = spec.get("among"), spec.get("from"), spec.get("to")
    if isinstance(among, list):
        return tuple(str(choice) for choice in among)
    if type(first) is int and type(last) is int:
        return tuple(str(number) for number in range(first, min(last, first + _MAX_RANGE_SIZE - 1) + 1))
    return ()
