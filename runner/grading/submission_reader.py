"""Open what one learner has handed in, a folder, an archive or a file, and find its `submission.md`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner.grading import archives, repairs, submission_search
from runner.grading.archives import ArchiveError
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import SUBMISSION_FILE
from runner.grading.submission_header import parse_lab_claim
from runner.grading.submission_search import CandidateFile
from runner.grading.untrusted_files import read_untrusted_file
from runner.lessons import catalog
from runner.lessons.problems import Problem

_SCRATCH_PREFIX = "labs-submission-"
_MAX_ARCHIVES, _MAX_CANDIDATES, _MAX_UNUSED = 10, 50, 8


@dataclass(frozen=True, slots=True)
class OpenSubmission:
    """A submission whose files can be read.

    Attributes:
        name: The name of its folder or archive, without the suffix of the latter.
        root: The folder out of which no link may lead.
        text: The file that is its `submission.md`; None if there is none.
        problems: What was left out.
        notes: What was done so that it can be graded.

    """

    name: str
    root: Path
    text: CandidateFile | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """The folder with the files for the nodes."""
        return self.text.path.parent if self.text else self.root


@contextmanager
def open_submission(path: Path, limits: ResourceLimits, lab: str | None = None) -> Iterator[OpenSubmission]:
    """Provide a submission; archives are extracted while the block runs.

    Args:
        path: A folder or an archive with a `submission.md` anywhere in it, or such a file. Any other file is a
            submission without this file.
        limits: The maximum size of `submission.md`.
        lab: The lab that is graded; None if `submission.md` says it.

    Raises:
        AmbiguousSubmissionError: Several files could be the submission.
        ArchiveError: The archive that contains the submission cannot be read.
        OSError: The folder cannot be read.

    """
    with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX) as scratch:
        opener = _Opener(Path(scratch).resolve(), limits)
        if path.is_dir() or not path.exists():
            root = path.resolve(strict=True)
            opener.add_root(root, "")
            if not opener.candidates:
                opener.extract_archives_in(root)
        elif archives.is_archive(path):
            opener.extract_archive(path, "")
        elif submission_search.is_candidate(path):
            opener.add_file(path.resolve())
        else:
            opener.add_other_file(path.name)
        yield opener.create_submission(name_submission(path), lab)


def name_submission(path: Path) -> str:
    """Return the name of a submission: that of its folder, or of its archive or other file without the suffix."""
    resolved = path.resolve()
    if resolved.is_dir() or not resolved.exists():
        return resolved.name
    if archives.is_archive(path) or archives.is_unsupported_archive(path):
        return archives.strip_archive_suffix(path.name)
    return resolved.parent.name if submission_search.is_candidate(path) else path.stem


class _Opener:
    def __init__(self, scratch: Path, limits: ResourceLimits) -> None:
        self.candidates: list[CandidateFile] = []
        self._scratch, self._limits = scratch, limits
        self._roots: list[Path] = []
        self._archives: list[str] = []
        self._problems: list[Problem] = []
        self._lab_names = catalog.list_lab_names()
        self._missing_reason = ""

    def add_root(self, root: Path, shown_prefix: str) -> None:
        """Add a folder with the files in it that may be the submission."""
        self._roots.append(root)
        paths = [path for path in submission_search.walk_files(root) if submission_search.is_candidate(path)]
        for path in paths[:_MAX_CANDIDATES]:
            self._add_candidate(path, root, f"{shown_prefix}{path.relative_to(root)}")

    def add_file(self, path: Path) -> None:
        """Add a file that is the submission, and its folder."""
        self._roots.append(path.parent)
        self._add_candidate(path, path.parent, path.name)

    def add_other_file(self, name: str) -> None:
        """Add a file that is neither an archive that can be read nor a `submission.md`; it is not opened."""
        self._roots.append(Path(tempfile.mkdtemp(dir=self._scratch)))
        self._missing_reason = submission_search.describe_other_file(name)

    def extract_archive(self, archive: Path, shown_prefix: str) -> None:
        """Extract an archive, and add the folder with its files.

        Raises:
            ArchiveError: It cannot be read.

        """
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        self._problems += archives.extract_archive(archive, folder)
        self.add_root(folder, shown_prefix)

    def extract_archives_in(self, root: Path) -> None:
        """Extract the archives below a folder.

        Raises:
            ArchiveError: One of them cannot be read, and no other one contains the submission.

        """
        errors: list[ArchiveError] = []
        packed = [path for path in submission_search.walk_files(root) if archives.is_archive(path)]
        for path in packed[:_MAX_ARCHIVES]:
            shown_path = str(path.relative_to(root))
            self._archives.append(shown_path)
            try:
                if path.is_symlink():
                    raise ArchiveError(shown_path, "it is a symbolic link")
                self.extract_archive(path, f"{shown_path}/")
            except ArchiveError as error:
                errors.append(error)
                self._problems.append(Problem(Path(shown_path), 1, f"cannot read the archive: {error.reason}"))
        if errors and not self.candidates:
            raise errors[0]

    def create_submission(self, name: str, lab: str | None) -> OpenSubmission:
        """Choose one of the candidates.

        Raises:
            AmbiguousSubmissionError: Several of them could be the submission.

        """
        root = self._roots[0]
        if not self.candidates:
            container = "archive" if root.is_relative_to(self._scratch) else "folder"
            reason = self._missing_reason or submission_search.describe_missing_file(root, container)
            missing = Problem(Path(SUBMISSION_FILE), 1, reason)
            return OpenSubmission(name, root, None, (missing, *self._problems), ())
        chosen = submission_search.choose_candidate(self.candidates, lab)
        notes = submission_search.describe_choice(chosen, self.candidates)
        if lab and chosen.claim.lab not in ("", lab):
            notes.append(f"its front matter names the lab '{chosen.claim.lab}', and it is graded for '{lab}'")
        unused = submission_search.list_unused_files(chosen, self.candidates, self._roots)
        unused = [path for path in unused if path not in self._archives]
        message = f"it is not next to {chosen.shown_path}, so the nodes do not have it"
        self._problems += [Problem(Path(file), 1, message) for file in unused[:_MAX_UNUSED]]
        if len(unused) > _MAX_UNUSED:
            self._problems.append(Problem(Path(unused[_MAX_UNUSED]), 1, f"{message}, like all files after this one"))
        return OpenSubmission(name, chosen.root, chosen, tuple(self._problems), tuple(notes))

    def _add_candidate(self, path: Path, root: Path, shown_path: str) -> None:
        try:
            content = read_untrusted_file(path, root, self._limits.text_bytes)
        except (OSError, ValueError):
            # If this is the file that is graded, collecting it reports why.
            content = b""
        text, _ = repairs.convert_to_utf8(content)
        claim = parse_lab_claim(text.decode("utf-8", "replace"), self._lab_names)
        self.candidates.append(CandidateFile(path, shown_path, root, claim, content))
