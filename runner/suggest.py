"""Finds what a user probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from runner.errors import UsageError


def unknown(kind: str, word: str, known: Iterable[str], command: str) -> UsageError:
    """Make the error for a name that does not exist.

    Args:
        kind: What the word should have named: 'lab', 'node' or 'step'.
        word: What was typed.
        known: The names that exist.
        command: The command that lists them.

    """
    names = list(known)
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    if near:
        return UsageError(f"There is no {kind} '{word}'.", f"Did you mean {' or '.join(near)}?")
    listed = f"There are: {', '.join(names)}. " if names else ""
    return UsageError(f"There is no {kind} '{word}'.", f"{listed}'{command}' lists them.")
