"""Recognize `submission.md` under the names that it gets on the way: `Submission.md`, `submission (1).md`, ..."""

from __future__ import annotations

import difflib
import re
import unicodedata

from runner.grading.snapshot import SUBMISSION_FILE

# Editors on Windows add `.txt`, and browsers add it to files whose type they do not know.
_SUFFIX = re.compile(r"\.(?:md|markdown|mdown|mkd)(?:\.(?:txt|md))?$|\.txt$")
_OTHER_SUFFIX = re.compile(r"\.(?:docx?|html?|odt|pages|pdf|rtf)$")
_WORD = re.compile(r"[^\W\d_]+")
_EXPECTED_WORD = SUBMISSION_FILE.partition(".")[0]
# The least similarity of a misspelled word: it accepts 'submision', and neither 'permission' nor 'submit'.
_MIN_SIMILARITY = 0.84


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


def _normalize(name: str) -> str:
    # Spaces at the end of a name are invisible, and a full-width letter is only a matter of the keyboard.
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _contains_expected_word(stem: str) -> bool:
    words = _WORD.findall(stem)
    return any(difflib.SequenceMatcher(None, word, _EXPECTED_WORD).ratio() >= _MIN_SIMILARITY for word in words)
