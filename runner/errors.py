"""The errors that commands report, each with its exit code and advice on what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """The exit codes of every `labs` command."""

    DONE = 0
    INCOMPLETE = 1
    USAGE = 2
    BROKEN_LAB = 3
    HOST = 4
    BUG = 70
    INTERRUPTED = 130


class LabsError(Exception):
    """An error that a user can act on.

    Args:
        message: What happened, with the file, key or node.
        advice: What to type or do next.
        log: Output that explains the error, if any.

    """

    exit_code = ExitCode.BUG

    def __init__(self, message: str, advice: str, log: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.log = log

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.advice, self.log)


class UsageError(LabsError):
    """The command line names something that does not exist or is not allowed."""

    exit_code = ExitCode.USAGE


class IncompleteError(LabsError):
    """The command ran, and the learner's work is not finished."""

    exit_code = ExitCode.INCOMPLETE


class BrokenLabError(LabsError):
    """The lab itself is broken: its lesson, its setup or its checks."""

    exit_code = ExitCode.BROKEN_LAB


class HostError(LabsError):
    """The host cannot run the operation: no engine, no permission, no space, or a node that did not become ready."""

    exit_code = ExitCode.HOST


class LimitExceededError(HostError):
    """An operation exceeded its limit of time, memory or disk space, and was stopped."""


def create_unknown_name_error(noun: str, name: str, known_names: Iterable[str], *commands: str) -> UsageError:
    """Return the error for a name that does not exist, with similar names as suggestions.

    Args:
        noun: What the name should refer to: 'lab', 'node' or 'step'.
        name: What the user typed.
        known_names: The names that exist.
        commands: The commands that list them.

    """
    # Imported here because loading it would slow down `labs --help`.
    import difflib

    names = list(known_names)
    close_matches = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close_matches:
        # In their usual order, because node1, node2 and node3 are equally similar to node9.
        *others, last = (known for known in names if known in close_matches)
        suggestion = f"{', '.join(others)} or {last}" if others else last
        return UsageError(f"There is no {noun} '{name}'.", f"Did you mean {suggestion}?")
    choices = f"Choose from: {', '.join(names)}. " if names else ""
    sources = " or ".join(f"'{command}'" for command in commands)
    return UsageError(f"There is no {noun} '{name}'.", f"{choices}{sources} lists them.")
