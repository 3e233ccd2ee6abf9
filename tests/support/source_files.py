"""List the source files of this checkout, also where it is an unpacked archive without a git repository."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch

from tests.support.helpers import CHECKOUT


def list_source_files(*paths: str) -> list[str]:
    """Return the names of the files that git tracks or does not ignore.

    Args:
        paths: Files and folders of this checkout; all of it if there are none.

    """
    if not (CHECKOUT / ".git").exists():
        return list_files_without_git(*paths)
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths]
    listed = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in listed.split("\0") if (CHECKOUT / name).is_file())


def list_files_without_git(*paths: str) -> list[str]:
    """Return the same names, by the patterns in .gitignore, each of which is the name of a file or folder."""
    ignored = [line.strip("/") for line in (CHECKOUT / ".gitignore").read_text("utf-8").splitlines() if line]
    names = []
    for start in map(CHECKOUT.joinpath, paths or ("",)):
        for file in [start] if start.is_file() else start.rglob("*"):
            name = file.relative_to(CHECKOUT)
            if file.is_file() and not any(fnmatch(part, pattern) for part in name.parts for pattern in ignored):
                names.append(name.as_posix())
    return sorted(names)
