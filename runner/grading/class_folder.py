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
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from runner.errors import UsageError
from runner.grading import archives, submission_names, system_files
from runner.grading.archive_members import UnreadableArchiveError, list_archive_members
from runner.grading.archives import CLASS_ARCHIVE_LIMITS
from runner.grading.snapshot import SUBMISSION_FILE
from runner.grading.submission_search import is_candidate, join_names
from runner.lessons import catalog

_MAX_DEPTH, _MAX_PATHS, _MAX_LISTED_BELOW = 30, 5, 3
_BYTES_PER_TAR_HEADER = 2048


@dataclass(slots=True)
class FolderTree:
    """The names in a folder, without those of tools and operating systems.

    Attributes:
        files: The names of its files.
        folders: Its folders by their names.
        archives: Those of its files that are archives with a submission, or that cannot be read.

    """

    files: list[str] = field(default_factory=list)
    folders: dict[str, FolderTree] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)

    def add_file(self, parts: Sequence[str]) -> FolderTree:
        """Add a file by the parts of its path, and return its folder."""
        folder = self
        for part in parts[:-1]:
            folder = folder.folders.setdefault(part, FolderTree())
        folder.files.append(parts[-1])
        return folder

    @property
    def has_named_file(self) -> bool:
        """Whether it directly contains a `submission.md`, whose name may be in capitals."""
        return any(map(submission_names.is_submission_name, self.files))

    @property
    def has_candidate(self) -> bool:
        """Whether it directly contains a file with nearly that name."""
        return any(is_candidate(Path(name)) for name in self.files)

    @property
    def holds_submission(self) -> bool:
        """Whether there is a submission in it or anywhere below it."""
        below = any(folder.holds_submission for folder in self.folders.values())
        return self.has_candidate or bool(self.archives) or below


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


def _find_submissions_in_path(path: Path, scratch_folder: Path) -> list[Path]:
    _check_path(path)
    if not path.is_dir() and not archives.is_archive(path):
        return [path]
    tree = _read_folder_tree(path) if path.is_dir() else _read_archive_tree(path)
    learners = list(find_learner_paths(tree, path, catalog.list_lab_names()))
    if path.is_dir() or learners == [PurePosixPath()]:
        return [path / learner for learner in learners]
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


def _read_folder_tree(root: Path) -> FolderTree:
    tree = FolderTree()
    pending = [(root, tree)]
    for folder, node in pending:
        depth = len(folder.relative_to(root).parts)
        for entry in sorted(folder.iterdir()):
            # Only the instructor's own folder may contain links to folders.
            is_folder = entry.is_dir() and (depth == 0 or not entry.is_symlink())
            if _is_ignored(entry.name, is_folder):
                continue
            if not is_folder:
                node.files.append(entry.name)
                if archives.is_archive(entry) and _archive_holds_submission(entry):
                    node.archives.append(entry.name)
            elif depth < _MAX_DEPTH:
                pending.append((entry, node.folders.setdefault(entry.name, FolderTree())))
    return tree


def _read_archive_tree(archive: Path) -> FolderTree:
    """Return the content of an archive.

    Raises:
        ArchiveError: It cannot be read.

    """
    tree = FolderTree()
    try:
        for parts in _list_member_parts(archive):
            folder = tree.add_file(parts)
            if archives.is_archive(Path(parts[-1])):
                # Extracting it only to look into it is not worth it: if it holds no submission, the report says so.
                folder.archives.append(parts[-1])
    except UnreadableArchiveError as error:
        raise archives.ArchiveError(archive.name, str(error)) from error
    return tree


def _archive_holds_submission(archive: Path) -> bool:
    try:
        return any(
            is_candidate(Path(parts[-1])) or archives.is_archive(Path(parts[-1]))
            for parts in _list_member_parts(archive)
        )
    except (UnreadableArchiveError, OSError):
        # Grading it reports why it cannot be read, by the name of its learner.
        return True


def _list_member_parts(archive: Path) -> Iterator[list[str]]:
    limits = CLASS_ARCHIVE_LIMITS
    max_bytes = limits.total_bytes + limits.max_members * _BYTES_PER_TAR_HEADER
    for member in list_archive_members(archive, limits.max_members, max_bytes):
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if parts and not member.is_folder and not any(_is_ignored(part, True) for part in parts[:-1]):
            yield parts


def _is_ignored(name: str, is_folder: bool) -> bool:
    if is_folder:
        return name.startswith(".") or system_files.is_ignored_folder(name)
    return system_files.is_ignored_file(name)


def _create_empty_error(paths: Sequence[Path]) -> UsageError:
    contents = "; ".join(f"{path} contains: {_describe_content(path)}" for path in paths[:_MAX_PATHS])
    return UsageError(
        f"Found no {SUBMISSION_FILE}. {contents}.",
        f"Name a folder with a {SUBMISSION_FILE}, a folder of such folders or of zip or tar archives, or use '--from' "
        "for a download from a course system.",
    )


def _describe_content(path: Path) -> str:
    if not path.is_dir():
        return join_names("/".join(parts) for parts in _list_member_parts(path)) or "no files"
    names = []
    for entry in sorted(path.iterdir()):
        is_folder = entry.is_dir()
        if _is_ignored(entry.name, is_folder):
            continue
        below = sorted(child.name for child in entry.iterdir()) if is_folder else []
        more = ", ..." if len(below) > _MAX_LISTED_BELOW else ""
        content = f" ({', '.join(below[:_MAX_LISTED_BELOW])}{more})" if below else ""
        names.append(f"{entry.name}/{content}" if is_folder else entry.name)
    return join_names(names) or "no files"
