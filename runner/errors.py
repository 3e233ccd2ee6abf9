"""What can go wrong, as exceptions that know their exit code and what to type next."""

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
        message: What happened, naming the file, key or node.
        advice: What to type or do next.
        log: The lines of output that belong to it, if any.

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
    """The command line names something that does not exist or does not fit."""

    exit_code = ExitCode.USAGE


class IncompleteError(LabsError):
    """The command ran, and the learner's work is not there yet."""

    exit_code = ExitCode.INCOMPLETE


class BrokenLabError(LabsError):
    """The lab itself is wrong: its lesson, its setup or its checks."""

    exit_code = ExitCode.BROKEN_LAB


class HostError(LabsError):
    """The environment cannot do it: no engine, no rights, no space, a node that never became ready."""

    exit_code = ExitCode.HOST


class LimitExceededError(HostError):
    """Something took more time or room than it may, and was ended."""


def create_unknown_name_error(kind: str, word: str, known: Iterable[str], command: str) -> UsageError:
    """Make the error for a name that does not exist.

    Args:
        kind: What the word should have named: 'lab', 'node' or 'step'.
        word: What was typed.
        known: The names that exist.
        command: The command that lists them.

    """
    # Imported here because it takes longer to load than `labs --help` may spend on it.
    import difflib

    names = list(known)
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    if near:
        return UsageError(f"There is no {kind} '{word}'.", f"Did you mean {' or '.join(near)}?")
    listed = f"There are: {', '.join(names)}. " if names else ""
    return UsageError(f"There is no {kind} '{word}'.", f"{listed}'{command}' lists them.")
