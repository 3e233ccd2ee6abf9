"""Find the submissions in what a command line names: one learner's folder or archive, or a class of these.

What decides is where each `submission.md` is:

    ada/submission.md                  ada is a submission
    ada/swarm-basics/submission.md     ada is a submission, because swarm-basics is a lab
    class/ada/submission.md            class has the learner ada
    class/ada/work/submission.md       class has the learner ada
    class/ada.zip                      class has the learner ada, if there is a submission.md in the archive
    download/class/ada/submission.md   the same, if class has several learners

In a class, each folder is a learner, even if it contains no submission: none of them may get lost. If one archive is a
learner, so are all other archives next to it, also those without a submission or in a format that is never read. What
is left at this place, such as a roster, is a learner only if a roster says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from runner.errors import UsageError
from runner.grading import archives
from runner.grading.archives import CLASS_ARCHIVE_LIMITS
from runner.grading.folder_tree import (
    FolderTree,
    is_ignored_name,
    list_member_parts,
    read_archive_tree,
    read_folder_tree,
)
from runner.grading.snapshot import SUBMISSION_FILE
from runner.grading.submission_search import is_candidate, join_names
from runner.lessons import catalog

_MAX_PATHS, _MAX_LISTED_BELOW = 5, 3


@dataclass(frozen=True, slots=True)
class FoundSubmissions:
    """What paths lead to.

    Attributes:
        submissions: The submissions: folders, archives and files called `submission.md`.
        empty_archives: Archives without a submission, or that are never read, next to archives with one: each is a
            learner's, unless a roster says that it is not.
        other_files: What else is next to the submissions of a class: each is a learner's only if a roster says so.

    """

    submissions: tuple[Path, ...]
    empty_archives: tuple[Path, ...] = ()
    other_files: tuple[Path, ...] = ()


@dataclass(slots=True)
class _ClassContent:
    """The same as `FoundSubmissions`, relative to the folder or archive of a class."""

    submissions: list[PurePosixPath] = field(default_factory=list)
    empty_archives: list[PurePosixPath] = field(default_factory=list)
    other_files: list[PurePosixPath] = field(default_factory=list)

    def add_folder(self, name: str, content: _ClassContent) -> None:
        """Add the content of a folder."""
        self.submissions += (PurePosixPath(name, path) for path in content.submissions)
        self.empty_archives += (PurePosixPath(name, path) for path in content.empty_archives)
        self.other_files += (PurePosixPath(name, path) for path in content.other_files)


def find_submissions(paths: Sequence[Path], scratch_folder: Path, is_single: bool = False) -> FoundSubmissions:
    """Return the submissions that paths lead to, and what is next to those of a class.

    Args:
        paths: Submissions, or folders and archives of submissions.
        scratch_folder: An empty folder for the content of archives with several submissions; it must exist while the
            submissions are in use.
        is_single: Whether the only path is one submission in any case.

    Raises:
        UsageError: A path does not exist, or there is no submission in any of them.

    """
    if is_single:
        for path in paths:
            _check_path(path)
        return FoundSubmissions(tuple(paths))
    contents: list[FoundSubmissions] = []
    empty_paths: list[Path] = []
    for number, path in enumerate(paths):
        content = _find_submissions_in_path(path, scratch_folder / str(number))
        contents.append(content if content.submissions else FoundSubmissions((path,)))
        empty_paths += [] if content.submissions else [path]
    if len(empty_paths) == len(paths):
        raise _create_empty_error(empty_paths)
    submissions = dict.fromkeys(path for content in contents for path in content.submissions)
    empty_archives = dict.fromkeys(path for content in contents for path in content.empty_archives)
    other_files = dict.fromkeys(path for content in contents for path in content.other_files)
    return FoundSubmissions(
        tuple(submissions),
        tuple(path for path in empty_archives if path not in submissions),
        tuple(path for path in other_files if path not in submissions and path not in empty_archives),
    )


def name_extracted_folder(folder: Path, paths: Sequence[Path], scratch_folder: Path) -> str:
    """Return the path of a submission as the user knows it: in the archive, if it was extracted from there.

    Args:
        folder: One of the paths that `find_submissions` returned.
        paths: The paths that it was called with.
        scratch_folder: The folder that it was called with.

    """
    if not folder.is_relative_to(scratch_folder):
        return str(folder)
    number, *parts = folder.relative_to(scratch_folder).parts
    return str(paths[int(number)].joinpath(*parts))


def _find_submissions_in_path(path: Path, scratch_folder: Path) -> FoundSubmissions:
    _check_path(path)
    if not path.is_dir() and not archives.is_archive(path):
        return FoundSubmissions((path,))
    lab_names = catalog.list_lab_names()
    if path.is_dir():
        tree = read_folder_tree(path)
        # A learner has handed in nothing: a class would contain folders, even if these are empty.
        if not tree.folders and (not tree.files or (path / ".git").exists()):
            return FoundSubmissions((path,))
        return _locate(_find_learners(tree, path, lab_names), path, scratch_folder)
    tree = read_archive_tree(path)
    # The folder in an archive is not the learner's name: most people hand in an archive of a folder.
    if not _is_class(tree, lab_names):
        return FoundSubmissions((path,) if tree.holds_submission else ())
    content = _find_learners(tree, path, lab_names)
    if content.submissions:
        scratch_folder.mkdir()
        archives.extract_archive(path, scratch_folder, CLASS_ARCHIVE_LIMITS)
    return _locate(content, scratch_folder, scratch_folder)


def _locate(content: _ClassContent, root: Path, scratch_folder: Path) -> FoundSubmissions:
    return FoundSubmissions(
        tuple(root / path for path in content.submissions),
        tuple(root / path for path in content.empty_archives),
        tuple(_separate_file(root / path, scratch_folder / path) for path in content.other_files),
    )


def _separate_file(file: Path, folder: Path) -> Path:
    """Return a folder in the scratch folder with only this file, if it may be the `submission.md` of one learner.

    The files around a `submission.md` belong to it, and these are those of other learners.
    """
    if not is_candidate(file) or not file.is_file():
        return file
    copy = folder.with_name(f".{folder.name}")
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, copy, follow_symlinks=False)
    # In an archive, the file itself has the name of the folder.
    folder.unlink(missing_ok=True)
    folder.mkdir()
    return copy.rename(folder / folder.name).parent


def _check_path(path: Path) -> None:
    if not path.exists():
        raise UsageError(f"The folder {path} does not exist.", f"Name a folder that contains a {SUBMISSION_FILE}.")
    if not path.is_dir() and not archives.is_archive(path) and not is_candidate(path):
        raise UsageError(
            f"{path} is neither a folder, nor a zip or tar archive, nor a {SUBMISSION_FILE}.",
            f"Name a folder that contains a {SUBMISSION_FILE}, or a folder of such folders.",
        )


def _find_learners(tree: FolderTree, path: Path, lab_names: Collection[str]) -> _ClassContent:
    """Return what a folder contains, with paths relative to it: the empty path if it is a submission itself.

    Args:
        tree: The folder's content.
        path: The folder, for error messages.
        lab_names: The names of all labs: a folder with such a name belongs to a learner.

    Raises:
        UsageError: The folder is as much one submission as a class.

    """
    holders = _list_holders(tree, lab_names)
    if tree.has_named_file and len(holders) > 1:
        raise UsageError(
            f"{path} contains a {SUBMISSION_FILE}, and so do its folders {join_names(sorted(holders))}: is it one "
            "submission, or a class?",
            f"'labs grade {path}/{SUBMISSION_FILE}' grades the first, 'labs grade {path}/*/' grades the folders.",
        )
    if _is_submission(tree, lab_names):
        return _ClassContent([PurePosixPath()])
    return _find_learners_in_class(tree, path, lab_names) if tree.holds_submission else _ClassContent()


def _find_learners_in_class(tree: FolderTree, path: Path, lab_names: Collection[str]) -> _ClassContent:
    content = _ClassContent()
    holders = _list_holders(tree, lab_names)
    wraps_classes = not tree.archives and all(_is_class(tree.folders[name], lab_names) for name in holders)
    for name, folder in sorted(tree.folders.items()):
        if wraps_classes and name in holders:
            content.add_folder(name, _find_learners(folder, path / name, lab_names))
    learners = [] if wraps_classes else holders
    # In a class, all other folders are learners too.
    learners += [name for name in tree.folders if name not in holders]
    # An archive is often extracted next to itself. Where both have a submission, the folder counts.
    folders_by_name = {name.casefold(): name for name in learners if tree.folders[name].holds_submission}
    packed = [name for name in tree.archives if archives.strip_archive_suffix(name).casefold() not in folders_by_name]
    stems = {archives.strip_archive_suffix(name).casefold() for name in packed}
    learners = [name for name in learners if name.casefold() not in stems]
    names = sorted([*learners, *packed], key=str.casefold)
    empty_archives = _list_empty_archives(tree, names) if tree.archives else []
    others = [
        name
        for name in tree.files
        if name not in tree.archives and name not in empty_archives and not name.startswith(".")
    ]
    content.submissions += map(PurePosixPath, names)
    content.empty_archives += map(PurePosixPath, empty_archives)
    content.other_files += map(PurePosixPath, others)
    return content


def _list_empty_archives(tree: FolderTree, learners: Iterable[str]) -> list[str]:
    """Return the archives without a submission that are those of other learners, one for each name."""
    known = {archives.strip_archive_suffix(name).casefold() for name in learners}
    by_stem: dict[str, str] = {}
    for name in tree.other_archives:
        by_stem.setdefault(archives.strip_archive_suffix(name).casefold(), name)
    return [name for stem, name in by_stem.items() if stem not in known]


def _list_holders(tree: FolderTree, lab_names: Collection[str]) -> list[str]:
    """Return the folders that contain a submission anywhere, and are not named after a lab."""
    return [name for name, folder in tree.folders.items() if folder.holds_submission and name not in lab_names]


def _is_submission(tree: FolderTree, lab_names: Collection[str]) -> bool:
    """Return whether a folder is one submission: with a `submission.md`, or with one for each of some labs."""
    if tree.has_named_file:
        return True
    holders = {name for name, folder in tree.folders.items() if folder.holds_submission}
    stems = {archives.strip_archive_suffix(name) for name in tree.archives}
    has_only_labs = holders <= set(lab_names) and stems <= set(lab_names)
    return has_only_labs and tree.holds_submission


def _is_class(tree: FolderTree, lab_names: Collection[str]) -> bool:
    """Return whether a folder contains the submissions of several learners, or only another folder that does."""
    holders = _list_holders(tree, lab_names)
    if tree.has_named_file or len(holders) + len(tree.archives) != 1:
        return not tree.has_named_file and len(holders) + len(tree.archives) > 1
    return any(_is_class(tree.folders[name], lab_names) for name in holders)


def _create_empty_error(paths: Sequence[Path]) -> UsageError:
    contents = "; ".join(f"{path} contains: {_describe_content(path)}" for path in paths[:_MAX_PATHS])
    return UsageError(
        f"Found no {SUBMISSION_FILE}. {contents}.",
        f"Name a folder with a {SUBMISSION_FILE}, a folder of such folders or of zip or tar archives, or use '--from' "
        "for a download from a course system.",
    )


def _describe_content(path: Path) -> str:
    if not path.is_dir():
        return join_names("/".join(parts) for parts in list_member_parts(path, CLASS_ARCHIVE_LIMITS)) or "no files"
    names = []
    for entry in sorted(path.iterdir()):
        is_folder = entry.is_dir()
        if is_ignored_name(entry.name, is_folder):
            continue
        below = sorted(child.name for child in entry.iterdir()) if is_folder else []
        more = ", ..." if len(below) > _MAX_LISTED_BELOW else ""
        content = f" ({', '.join(below[:_MAX_LISTED_BELOW])}{more})" if below else ""
        names.append(f"{entry.name}/{content}" if is_folder else entry.name)
    return join_names(names) or "no files"
