"""Compare names of people as course systems write them: 'Ada Lovelace', 'Lovelace, Ada', 'lovelaceada'."""

from __future__ import annotations

import unicodedata


def split_name(name: str) -> tuple[str, ...]:
    """Return the words of a name in the order 'first last', in a form for comparisons.

    Course systems leave characters such as apostrophes out of names of files, so only letters and digits count.
    """
    last, comma, first = name.partition(",")
    words = f"{first} {last}" if comma else name
    folded = unicodedata.normalize("NFC", words).casefold()
    spaced = "".join(" " if char.isspace() or char == "_" else char for char in folded)
    cleaned = ("".join(filter(_is_significant, word)) for word in spaced.split())
    return tuple(filter(None, cleaned))


def normalize_name(name: str) -> str:
    """Return a name in a form for comparisons that does not depend on the order of its words."""
    return " ".join(sorted(split_name(name)))


def list_squashed_names(name: str) -> set[str]:
    """Return the forms without spaces that a name can have: its words in their order, starting with any of them."""
    words = split_name(name)
    return {"".join(words[start:] + words[:start]) for start in range(len(words))}


def _is_significant(char: str) -> bool:
    # Combining marks are parts of letters in many scripts.
    return unicodedata.category(char)[0] in "LNM"
