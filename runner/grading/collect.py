"""Takes a stranger's folder in: copies its regular files, and nothing that leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runner.grading.resource_limits import ResourceLimits
from runner.lessons.problems import Problem

SUBMISSION_FILE = "submission.md"
# What tools keep for themselves; large, and never what a node needs.
_PASSED_OVER = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules"})
_DEEPEST = 30


@dataclass(slots=True)
class Intake:
    """What was taken of a folder.

    Attributes:
        text: The content of its `submission.md`; empty if there is none that may be taken.
        files: How many other files were taken.
        problems: What was not taken, and why.

    """

    text: bytes = b""
    files: int = 0
    problems: list[Problem] = field(default_factory=list)


def take(folder: Path, target: Path, limits: ResourceLimits) -> Intake:
    """Copy a submission's files, for nodes to get; whatever is wrong with one leaves that one out.

    Links to files inside are followed, all others are left out, as are devices and pipes. The files get plain modes.

    Args:
        folder: The submission.
        target: An empty folder for the copies of all files but `submission.md`.
        limits: How large and how many they may be.

    """
    found = Intake()
    root = folder.resolve()
    try:
        found.text = _content(root / SUBMISSION_FILE, root, limits.text_bytes)
    except (OSError, ValueError) as error:
        found.problems.append(Problem(folder / SUBMISSION_FILE, 1, _why(error)))
    left = limits.folder_bytes
    for path in _files(root):
        name = path.relative_to(root)
        try:
            content = _content(path, root, min(limits.file_bytes, left))
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            copy.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
        except (OSError, ValueError) as error:
            found.problems.append(Problem(folder / name, 1, _why(error)))
        else:
            left -= len(content)
            found.files += 1
        # What cannot be taken counts too: looking at it takes as long.
        if found.files + len(found.problems) > limits.max_files:
            found.problems.append(Problem(folder / name, 1, "too many files; all after this one are left out"))
            break
    return found


def read_submission_text(folder: Path, limits: ResourceLimits) -> bytes:
    """Return the content of a submission's `submission.md`; nothing if there is none that may be taken."""
    try:
        return _content(folder.resolve() / SUBMISSION_FILE, folder.resolve(), limits.text_bytes)
    except (OSError, ValueError):
        return b""


def _files(root: Path) -> Iterator[Path]:
    """Yield all that is no folder, in order of name; a link to a folder is a link, and so is a folder too deep."""
    waiting = [root]
    while waiting:
        here = waiting.pop()
        folders = []
        with os.scandir(here) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            path = Path(entry.path)
            depth = len(path.relative_to(root).parts)
            if not entry.is_dir(follow_symlinks=False) or depth > _DEEPEST:
                if path != root / SUBMISSION_FILE:
                    yield path
            elif entry.name not in _PASSED_OVER:
                folders.append(path)
        waiting += reversed(folders)


def _content(path: Path, root: Path, most: int) -> bytes:
    # Not Path.resolve, which knows another exception for links in a circle.
    real = Path(os.path.realpath(path, strict=True))
    if not real.is_relative_to(root):
        raise ValueError("a link that leads out of the submission; put the file itself here")
    if real.is_dir():
        linked = "a link to a folder; put the folder itself here"
        raise ValueError(linked if path.is_symlink() else "folders may not lie this deep; it is left out")
    # Not what it may have become since it was looked at; and without waiting for the other end of a pipe.
    opened = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as handle:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise ValueError("it is no regular file")
        content = handle.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is too large: a submission may not hold more than {most >> 10} kB here")
    return content


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, OSError):
        return f"it cannot be read: {error.strerror or error}"
    return str(error)
