"""Read the front matter of a submission, which people write by hand: it says which lab the submission is for.

It is YAML, as in a lesson. Unlike in a lesson, a title or a blank line may precede it, keys and the lab may be in
capitals, and tabs count as spaces, because none of this leaves any doubt.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from runner.errors import create_unknown_name_error
from runner.grading.snapshot import SUBMISSION_FILE
from runner.lessons import strict_yaml

# Parsing more could take minutes, and no front matter is that long.
_MAX_LENGTH = 10_000
_LAB_KEY = "lab"
_LAB_NAME = re.compile(r"[a-z][a-z0-9-]*")
_LAB_LINE = re.compile(r"\s*lab\s*:\s*(?P<value>.*)", re.IGNORECASE)
_MARKER = re.compile(r"-{3,}|\.\.\.")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_MAX_SHOWN_LENGTH = 60
_EXAMPLE = f"start {SUBMISSION_FILE} with three lines: '---', 'lab: LAB' and '---'"


@dataclass(frozen=True, slots=True)
class LabClaim:
    """What the front matter of a submission says about its lab.

    Attributes:
        lab: The lab; empty if the front matter names none.
        problem: Why it names none, or why the lab does not exist; empty if the lab exists.

    """

    lab: str
    problem: str = ""


def parse_lab_claim(text: str, known_labs: Collection[str]) -> LabClaim:
    """Return the lab that a `submission.md` names.

    Args:
        text: Its text, with any line ends.
        known_labs: The names of all labs.

    """
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")[:_MAX_LENGTH])
    problems = []
    for start, end in _find_sections(lines):
        section = lines[start + 1 : end]
        data, problem = _parse_section(section, start + 2)
        values = [data[key] for key in data if str(key).strip().casefold() == _LAB_KEY]
        # An error elsewhere, such as a name with a colon, leaves no doubt about the lab.
        values = values or list(_parse_lab_lines(section))
        if problem:
            problems.append(problem)
        if values:
            return _create_claim(values, start + 1, known_labs)
    if problems:
        return LabClaim("", problems[0])
    if any(line.strip().casefold().startswith(f"{_LAB_KEY}:") for line in lines):
        return LabClaim("", f"'lab:' is not between two lines of '---' at the top; {_EXAMPLE}")
    return LabClaim("", f"it does not say which lab it is for; {_EXAMPLE}")


def _find_sections(lines: list[str]) -> Iterable[tuple[int, int]]:
    """Return the first and the last line of what may be front matter: at the top, or between the first two `---`."""
    markers = []
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            break
        if _MARKER.fullmatch(line.strip()):
            markers.append(number)
    return itertools.pairwise(markers)


def _parse_section(lines: list[str], first_line: int) -> tuple[dict[Any, Any], str]:
    text = "\n".join(line.rstrip().expandtabs() for line in lines)
    try:
        data, _ = strict_yaml.parse_strict_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        return {}, f"line {line}: the front matter is not valid YAML: {error.problem}"
    except (yaml.reader.ReaderError, RecursionError) as error:
        return {}, f"line {first_line}: the front matter is not valid YAML: {getattr(error, 'reason', error)}"
    return (data, "") if isinstance(data, dict) else ({}, "")


def _parse_lab_lines(lines: Iterable[str]) -> Iterator[Any]:
    for line in lines:
        if match := _LAB_LINE.match(line):
            with suppress(yaml.YAMLError, RecursionError):
                yield strict_yaml.parse_strict_yaml(match["value"].expandtabs())[0]


def _create_claim(values: list[Any], line: int, known_labs: Collection[str]) -> LabClaim:
    names = {re.sub(r"[\s_]+", "-", value.strip().casefold()) if isinstance(value, str) else "" for value in values}
    shown = repr(values[0] if len(str(values[0])) <= _MAX_SHOWN_LENGTH else f"{str(values[0])[:_MAX_SHOWN_LENGTH]}...")
    name = names.pop()
    if names:
        return LabClaim("", f"its front matter on line {line} names more than one lab")
    if values[0] is None:
        return LabClaim("", f"its front matter on line {line} names no lab after 'lab:'")
    if not _LAB_NAME.fullmatch(name):
        return LabClaim("", f"its front matter names the lab {shown}, which is not a name")
    if name in known_labs:
        return LabClaim(name)
    error = create_unknown_name_error("lab", name, known_labs, "labs list")
    return LabClaim(name, f"its front matter names the lab {shown}, which does not exist. {error.advice}")
