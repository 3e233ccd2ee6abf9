"""Files next to the submissions of a class that contain none: the roster says which of them are a learner's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from runner.grading import archives, submission_names
from runner.grading.classes.download_model import DownloadedSubmission, Owner
from runner.grading.classes.matching import ClassMatch, EntryFinder, MatchedSubmission
from runner.grading.classes.roster import RosterEntry

_MAX_LISTED = 100


def match_other_files(match: ClassMatch, files: Iterable[Path]) -> tuple[ClassMatch, list[Path]]:
    """Return the match with the files of learners who have no submission, and all other files.

    To learners who have handed in `ada.rar`, a report must not say that they have handed in nothing.

    Args:
        match: The match of the submissions.
        files: The files: archives without a submission, and what is neither a folder nor an archive.

    """
    finder = EntryFinder(match.missing)
    matched: dict[str, MatchedSubmission] = {}
    others: list[Path] = []
    for file in files:
        entries = [entry for entry in _find_entries(finder, file) if entry.key not in matched]
        owner = Owner(name=file.name)
        matched |= {
            entry.key: MatchedSubmission(entry, DownloadedSubmission(file.name, file, (owner,))) for entry in entries
        }
        others += [] if entries else [file]
    everyone = sorted([*match.matched, *matched.values()], key=lambda submission: submission.entry.line)
    missing = tuple(entry for entry in match.missing if entry.key not in matched)
    return replace(match, matched=tuple(everyone), missing=missing), others


def _find_entries(finder: EntryFinder, file: Path) -> Sequence[RosterEntry]:
    for name in _list_learner_names(file.name):
        entries, _ = finder.find_entries(Owner(name=name, id=name, email=name, login=name))
        if entries:
            return entries
    return ()


def _list_learner_names(file_name: str) -> Iterator[str]:
    """Yield the names that a learner with a file may have: `ada` for `ada.rar`, `ada.md` and `ada_submission.md`."""
    stem = archives.strip_archive_suffix(file_name)
    yield Path(stem).stem if stem == file_name else stem
    if rest := submission_names.strip_submission_word(stem):
        yield rest


def describe_other_files(files: Sequence[Path], has_roster: bool) -> list[str]:
    """Return a line about files that are not graded; none if there are no files.

    Args:
        files: The files.
        has_roster: Whether a roster said that they are no learner's.

    """
    if not files:
        return []
    more = f" and {len(files) - _MAX_LISTED} more" if len(files) > _MAX_LISTED else ""
    reason = (
        "the roster has no learner of this name without a submission"
        if has_roster
        else "neither a folder nor an archive with a submission"
    )
    return [f"Not graded ({reason}): {', '.join(file.name for file in files[:_MAX_LISTED])}{more}"]
