"""Values that are others for each learner, such as names, ports and counts, so that answers cannot be passed on."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Of a range; who wants to guess has no better chance with more.
_MOST = 1000
# What stands for a value whose front matter is not sound, so that the rest of the lesson can be looked at all the same.
_ANYTHING = "value"


@dataclass(frozen=True, slots=True)
class Learner:
    """Whose values a lab has.

    Attributes:
        id: What the course calls them; empty for nobody, whose values are the lesson's own.
        seed: A word of the instructor's, with which the same learners get other values.

    """

    id: str = ""
    seed: str = ""

    def __bool__(self) -> bool:
        """Whether it is anybody."""
        return bool(self.id)


NO_LEARNER = Learner()


@dataclass(frozen=True, slots=True)
class LearnerValue:
    """A value that is drawn.

    Attributes:
        name: What stands for it in the lesson's files, between angle brackets.
        among: What it is drawn from, in the order of the lesson.
        default: What it is where no learner is named.

    """

    name: str
    choices: tuple[str, ...]
    default: str


def draw_values(lab: str, values: Iterable[LearnerValue], learner: Learner) -> dict[str, str]:
    """Return a learner's values in a lab, by their names."""
    return {value.name: draw_value(lab, value, learner) for value in values}


def draw_value(lab: str, value: LearnerValue, learner: Learner) -> str:
    """Return what a learner draws: the same on every machine, and in every version of Python and labs.

    SHA-256 of `labs-values/1`, seed, lab, learner and the value's name, encoded in UTF-8, the learner in normal form C,
    with a zero byte between each two, is read as a number, highest byte first. Its remainder after division by how
    many there are to choose from tells which it is, counted from 0.
    """
    if not learner:
        return value.default
    # Folders that have been on a Mac spell letters with accents in another way.
    words = ("labs-values/1", learner.seed, lab, unicodedata.normalize("NFC", learner.id), value.name)
    digest = hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).digest()
    return value.choices[int.from_bytes(digest, "big") % len(value.choices)]


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Return a text with each value in the place of its name in angle brackets; its lines stay as many."""
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text


def describe_values(learner: Learner, values: Mapping[str, str]) -> str:
    """Return in one line whose values they are, and which."""
    listed = ", ".join(f"{name} is {value}" for name, value in values.items())
    return f"For {learner.id}: {listed or 'nothing is drawn in this lab'}."


def parse_declarations(data: Mapping[str, Any]) -> tuple[LearnerValue, ...]:
    """Return the values that the front matter of a lesson declares, be it sound or not."""
    found = data.get("values")
    specs = found.items() if isinstance(found, dict) else ()
    return tuple(_value(str(name), spec if isinstance(spec, dict) else {}) for name, spec in specs)


def find_declaration_error(spec: Mapping[str, Any]) -> str:
    """Return what is wrong with the keys of a value taken together; empty if nothing is."""
    if {"among", "from", "to"} & {*spec} not in ({"among"}, {"from", "to"}):
        return "it needs either 'among', or both 'from' and 'to'"
    first, last = spec.get("from"), spec.get("to")
    if type(first) is int and type(last) is int:
        if first >= last:
            return f"'to' must be greater than 'from', which is {first}"
        if last - first >= _MOST:
            return f"there are more than {_MOST} numbers from {first} to {last}"
    choice = _among(spec)
    if "default" in spec and choice and str(spec["default"]) not in choice:
        return f"the default '{spec['default']}' is none of what can be drawn"
    return ""


def _value(name: str, spec: Mapping[str, Any]) -> LearnerValue:
    choice = _among(spec) or (_ANYTHING,)
    return LearnerValue(name, choice, str(spec.get("default", choice[0])))


def _among(spec: Mapping[str, Any]) -> tuple[str, ...]:
    listed, first, last = spec.get("among"), spec.get("from"), spec.get("to")
    if isinstance(listed, list):
        return tuple(str(one) for one in listed)
    if type(first) is int and type(last) is int:
        return tuple(str(number) for number in range(first, min(last, first + _MOST - 1) + 1))
    return ()
