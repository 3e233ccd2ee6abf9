"""Find `submission.md` in what one learner has handed in: anywhere below a folder, and under nearly that name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.grading import archives, submission_names, system_files
from runner.grading.snapshot import SUBMISSION_FILE
from runner.grading.submission_header import LabClaim

_MAX_DEPTH, _MAX_ENTRIES = 30, 20_000
_MAX_LISTED = 8


@dataclass(frozen=True, slots=True)
class CandidateFile:
    """A file that may be the `submission.md` of a learner.

    Attributes:
        path: The file.
        shown_path: Its path as the learner knows it, below the learner's folder or archive.
        root: The folder out of which no link may lead: the learner's, or that with the content of an archive.
        claim: The lab that its front matter names.
        content: Its content; empty if it cannot be read.

    """

    path: Path
    shown_path: str
    root: Path
    claim: LabClaim
    content: bytes

    @property
    def is_exact(self) -> bool:
        """Whether its name is right, apart from capitals."""
        return submission_names.is_submission_name(self.path.name)


# The most important one first.
_PREFERENCES: tuple[Callable[[CandidateFile], bool], ...] = (
    lambda candidate: candidate.is_exact,
    lambda candidate: candidate.path.parent == candidate.root,
    lambda candidate: candidate.path.name == SUBMISSION_FILE,
)


class AmbiguousSubmissionError(UsageError):
    """Several files could be a learner's submission."""


def walk_files(root: Path) -> Iterator[Path]:
    """Yield all files and links below a folder, those of upper folders first; links to folders are not followed.

    Folders of tools and operating systems are skipped. A folder that nests too deeply, or has too many files, ends the
    search there; reading the submission reports that.
    """
    pending, count = [(root, 1)], 0
    for folder, depth in pending:
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            if folder == root:
                raise
            # Collecting the files reports the reason.
            continue
        for entry in entries:
            count += 1
            if count > _MAX_ENTRIES:
                return
            if entry.is_symlink() or not entry.is_dir():
                yield entry
            elif depth < _MAX_DEPTH and not system_files.is_ignored_folder(entry.name):
                pending.append((entry, depth + 1))


def is_candidate(path: Path) -> bool:
    """Return whether a file may be a `submission.md`, by its name."""
    name = path.name
    is_named = submission_names.is_submission_name(name) or submission_names.is_near_submission_name(name)
    return is_named and not system_files.is_ignored_file(name)


def choose_candidate(candidates: Sequence[CandidateFile], lab: str | None) -> CandidateFile:
    """Return the file that is the submission.

    Args:
        candidates: At least one file.
        lab: The lab that is graded; None if the file says it.

    Raises:
        AmbiguousSubmissionError: Several files could be the submission.

    """
    remaining = _select_for_lab(candidates, lab)
    labs = {candidate.claim.lab for candidate in remaining}
    if len(labs) > 1 and lab is None:
        listed = ", ".join(f"{candidate.shown_path} ({candidate.claim.lab or 'no lab'})" for candidate in remaining)
        raise AmbiguousSubmissionError(
            f"It has submissions for several labs: {listed}.", "Choose one with '--lab LAB'."
        )
    for is_preferred in _PREFERENCES:
        remaining = [candidate for candidate in remaining if is_preferred(candidate)] or remaining
    # The same text in several folders, or with the names of several persons, may still be that of several learners.
    persons = {submission_names.list_person_words(candidate.path.name) for candidate in remaining} - {frozenset()}
    if len(persons) > 1 or len({(candidate.content, candidate.path.parent) for candidate in remaining}) > 1:
        listed = join_names(candidate.shown_path for candidate in remaining)
        raise AmbiguousSubmissionError(
            f"{len(remaining)} files could be its {SUBMISSION_FILE}: {listed}.",
            f"Keep the one to grade as {SUBMISSION_FILE}, or name it: 'labs grade PATH/{remaining[0].shown_path}'. If "
            "these are several learners, each one needs a folder: name the folder that contains these.",
        )
    return remaining[0]


def _select_for_lab(candidates: Sequence[CandidateFile], lab: str | None) -> list[CandidateFile]:
    """Return the files for a lab; if none says so, those that name no lab; if there are none either, all."""
    for_lab = [candidate for candidate in candidates if candidate.claim.lab == lab]
    without_lab = [candidate for candidate in candidates if not candidate.claim.lab]
    return (for_lab or without_lab or list(candidates)) if lab else list(candidates)


def describe_choice(chosen: CandidateFile, candidates: Sequence[CandidateFile]) -> list[str]:
    """Return what a report says about the choice of a file, unless its name and place are right."""
    notes = []
    if chosen.path.name != SUBMISSION_FILE:
        notes.append(f"{chosen.shown_path} was read as {SUBMISSION_FILE}")
    others = [candidate.shown_path for candidate in candidates if candidate is not chosen]
    if others:
        notes.append(f"{chosen.shown_path} is graded; these files are not: {join_names(others)}")
    return notes


def list_unused_files(chosen: CandidateFile, candidates: Sequence[CandidateFile], roots: Iterable[Path]) -> list[str]:
    """Return the files that are in the folder of none of the candidates, so that they are not copied to the nodes."""
    known = {candidate.path for candidate in candidates}
    # If other candidates are at the top, the files around them may still belong to the chosen one.
    folders = [chosen.path.parent, *(other.path.parent for other in candidates if other.path.parent != other.root)]
    return [
        str(path.relative_to(root))
        for root in roots
        for path in walk_files(root)
        if path not in known
        and not any(path.is_relative_to(folder) for folder in folders)
        and not system_files.is_ignored_file(path.name)
    ]


def describe_missing_file(root: Path, container: str = "folder") -> str:
    """Return that there is no `submission.md` in a folder, and what there is instead.

    Args:
        root: The folder.
        container: What it is for the learner: a folder, or the archive that was extracted to it.

    """
    paths = list(walk_files(root))
    others = [path for path in paths if submission_names.is_submission_in_other_format(path.name)]
    if others:
        names = join_names(str(path.relative_to(root)) for path in others)
        return f"the file is missing; save as plain text with the name {SUBMISSION_FILE}: {names}"
    packed = [path for path in paths if archives.is_unsupported_archive(path)]
    if packed:
        names = join_names(str(path.relative_to(root)) for path in packed)
        return f"the file is missing; {_describe_unsupported(names)}"
    nested = [path for path in paths if archives.is_archive(path)]
    if nested:
        names = join_names(str(path.relative_to(root)) for path in nested)
        return f"the file is missing, also in these archives (archives in archives are not read): {names}"
    names = join_names(str(path.relative_to(root)) for path in paths if not system_files.is_ignored_file(path.name))
    return f"the file is missing; the {container} " + (f"contains: {names}" if names else "is empty")


def describe_other_file(name: str) -> str:
    """Return that there is no `submission.md`, because a learner has handed in a file instead of a folder."""
    if archives.is_unsupported_archive(Path(name)):
        return f"the file is missing; {_describe_unsupported(name)}"
    if submission_names.is_submission_in_other_format(name):
        return f"the file is missing; save as plain text with the name {SUBMISSION_FILE}: {name}"
    return f"the file is missing; instead of a folder or an archive with it, there is only the file {name}"


def _describe_unsupported(names: str) -> str:
    return f"labs cannot read {names}: hand in a folder, or a zip or tar archive"


def join_names(names: Iterable[str]) -> str:
    """Return names as one text; of many, only the first ones and how many others there are."""
    listed = list(names)
    more = f" and {len(listed) - _MAX_LISTED} more" if len(listed) > _MAX_LISTED else ""
    return ", ".join(listed[:_MAX_LISTED]) + more
