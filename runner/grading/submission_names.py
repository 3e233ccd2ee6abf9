"""Recognize `submission.md` under the names that it gets on the way: `Submission.md`, `submission (1).md`, ..."""

from __future__ import annotations

import difflib
import re
import unicodedata

from runner.grading.snapshot import SUBMISSION_FILE

# Editors on Windows add `.txt`, and browsers add it to files whose type they do not know.
_SUFFIX = re.compile(r"\.(?:md|markdown|mdown|mkd)(?:\.(?:txt|md))?$|\.txt$")
_OTHER_SUFFIX = re.compile(r"\.(?:docx?|html?|odt|pages|pdf|rtf)$")
_ANY_SUFFIX = re.compile(r"\.[a-z]{1,10}$")
_WORD = re.compile(r"[^\W\d_]+")
# What programs and people add to the names of copies and versions.
_VERSION_WORDS = frozenset(
    {"backup", "copia", "copie", "copy", "draft", "edited", "final", "fixed", "kopie", "my", "new", "of", "old"}
    | {"rev", "the", "v", "ver", "version"}
)
_SEPARATORS = " _-.,()[]+"
_EXPECTED_WORD = SUBMISSION_FILE.partition(".")[0]
# The least similarity of a misspelled word: it accepts 'submision', and neither 'permission' nor 'submit'.
_MIN_SIMILARITY = 0.84
_MIN_ID_LENGTH = 3


def is_submission_name(name: str) -> bool:
    """Return whether a file's name is `submission.md`, in capitals or not."""
    return _normalize(name) == SUBMISSION_FILE


def is_near_submission_name(name: str) -> bool:
    """Return whether a file is text whose name is nearly `submission.md`, but not that name."""
    normalized = _normalize(name)
    if name == SUBMISSION_FILE or normalized.startswith("."):
        return False
    suffix = _SUFFIX.search(normalized)
    stem = normalized[: suffix.start()] if suffix else normalized
    # Without a suffix, only the word itself counts.
    return _contains_expected_word(stem) if suffix else stem == _EXPECTED_WORD


def is_submission_in_other_format(name: str) -> bool:
    """Return whether a file looks like the submission in a format that is not text, such as `submission.docx`."""
    normalized = _normalize(name)
    suffix = _OTHER_SUFFIX.search(normalized)
    return suffix is not None and _contains_expected_word(normalized[: suffix.start()])


def strip_submission_word(name: str) -> str:
    """Return what else is in a file's name: `ada` for `ada_submission.md`; empty if that is only a small number."""
    stem = _normalize(name)
    while suffix := _ANY_SUFFIX.search(stem):
        stem = stem[: suffix.start()]
    rest = _WORD.sub(lambda match: "" if _is_expected_word(match[0]) else match[0], stem).strip(_SEPARATORS)
    # Browsers number the files that they download again.
    return "" if rest.isdecimal() and len(rest) < _MIN_ID_LENGTH else rest


def list_person_words(name: str) -> frozenset[str]:
    """Return the words in a file's name that may be the name of a person: `ada` for `ada_submission (1) - copy.md`."""
    return frozenset(_WORD.findall(strip_submission_word(name))) - _VERSION_WORDS


def _normalize(name: str) -> str:
    # Spaces at the end of a name are invisible, and a full-width letter is only a matter of the keyboard.
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _contains_expected_word(stem: str) -> bool:
    return any(map(_is_expected_word, _WORD.findall(stem)))


def _is_expected_word(word: str) -> bool:
    return difflib.SequenceMatcher(None, word, _EXPECTED_WORD).ratio() >= _MIN_SIMILARITY
