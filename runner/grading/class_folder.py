"""Find the submissions in what a command line names: one learner's folder or archive, or a class of these.

What decides is where each `submission.md` is:

    ada/submission.md                  ada is a submission
    ada/swarm-basics/submission.md     ada is a submission, because swarm-basics is a lab
    class/ada/submission.md            class has the learner ada
    class/ada/work/submission.md       class has the learner ada
    class/ada.zip                      class has the learner ada, if there is a submission.md in the archive
    download/class/ada/submission.md   the same, if class has several learners

In a class, each folder is a learner, even if it contains no submission: none of them may get lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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


def find_submissions(paths: Sequence[Path], scratch_folder: Path, is_single: bool = False) -> list[Path]:
    """Return the submissions that paths lead to: folders, archives and files called `submission.md`.

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
        return list(paths)
    submissions: list[Path] = []
    empty_paths: list[Path] = []
    for number, path in enumerate(paths):
        learners = _find_submissions_in_path(path, scratch_folder / str(number))
        submissions += learners or [path]
        empty_paths += [] if learners else [path]
    if len(empty_paths) == len(paths):
        raise _create_empty_error(empty_paths)
    return list(dict.fromkeys(submissions))


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


def _find_submissions_in_path(path: Path, scratch_folder: Path) -> list[Path]:
    _check_path(path)
    if not path.is_dir() and not archives.is_archive(path):
        return [path]
    lab_names = catalog.list_lab_names()
    if path.is_dir():
        tree = read_folder_tree(path)
        # A learner has handed in nothing: a class would contain folders, even if these are empty.
        if not tree.folders and (not tree.files or (path / ".git").exists()):
            return [path]
        return [path / learner for learner in find_learner_paths(tree, path, lab_names)]
    tree = read_archive_tree(path)
    # The folder in an archive is not the learner's name: most people hand in an archive of a folder.
    if not _is_class(tree, lab_names):
        return [path] if tree.holds_submission else []
    learners = list(find_learner_paths(tree, path, lab_names))
    if learners:
        scratch_folder.mkdir()
        archives.extract_archive(path, scratch_folder, CLASS_ARCHIVE_LIMITS)
    return [scratch_folder / learner for learner in learners]


def _check_path(path: Path) -> None:
    if not path.exists():
        raise UsageError(f"The folder {path} does not exist.", f"Name a folder that contains a {SUBMISSION_FILE}.")
    if not path.is_dir() and not archives.is_archive(path) and not is_candidate(path):
        raise UsageError(
            f"{path} is neither a folder, nor a zip or tar archive, nor a {SUBMISSION_FILE}.",
            f"Name a folder that contains a {SUBMISSION_FILE}, or a folder of such folders.",
        )


def find_learner_paths(tree: FolderTree, path: Path, lab_names: Collection[str]) -> Iterator[PurePosixPath]:
    """Yield the paths of the submissions in a folder, relative to it: the empty path if it is one itself.

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
        yield PurePosixPath()
    elif tree.holds_submission:
        yield from _find_learners_in_class(tree, path, lab_names)


def _find_learners_in_class(tree: FolderTree, path: Path, lab_names: Collection[str]) -> Iterator[PurePosixPath]:
    holders = _list_holders(tree, lab_names)
    wraps_classes = not tree.archives and all(_is_class(tree.folders[name], lab_names) for name in holders)
    for name, folder in sorted(tree.folders.items()):
        if wraps_classes and name in holders:
            yield from (PurePosixPath(name, below) for below in find_learner_paths(folder, path / name, lab_names))
    learners = [] if wraps_classes else holders
    # In a class, all other folders are learners too.
    learners += [name for name in tree.folders if name not in holders]
    # An archive is often extracted next to itself. Where both have a submission, the folder counts.
    folders_by_name = {name.casefold(): name for name in learners if tree.folders[name].holds_submission}
    packed = [name for name in tree.archives if archives.strip_archive_suffix(name).casefold() not in folders_by_name]
    stems = {archives.strip_archive_suffix(name).casefold() for name in packed}
    learners = [name for name in learners if name.casefold() not in stems]
    yield from (PurePosixPath(name) for name in sorted([*learners, *packed], key=str.casefold))


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
