"""Ask git which files have changed since a commit, and where in the history the current commit is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import HostError, UsageError

# These settings prevent the repository from running programs here, and git from writing to its index.
_GIT = ("git", "--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false")


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository with a working tree.

    Attributes:
        root: The top-level folder of its working tree, without symbolic links.

    """

    root: Path

    def resolve_revision(self, revision: str) -> str:
        """Return the id of the commit where the current branch left a revision: their merge base.

        Args:
            revision: What the user typed, such as `HEAD~1`, `origin/main` or `v1.0`.

        Raises:
            UsageError: There is no such commit.

        """
        commit = self._try_git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if commit is None:
            raise self._create_unknown_revision_error(revision)
        # A clone without the complete history may lack the merge base; then compare with the revision itself.
        return self._try_git("merge-base", commit, "HEAD") or commit

    def list_changed_files(self, commit: str) -> list[Path]:
        """Return the files that differ between a commit and the working tree, as absolute paths, sorted.

        New files that git does not track or ignore count too. A renamed file counts under both names.

        Args:
            commit: The id of the commit.

        """
        tracked = self._run_git("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", commit, "--")
        # Python compiles modules while labs runs; not every repository ignores the results.
        untracked = self._run_git("ls-files", "--others", "--exclude-standard", "--exclude=__pycache__", "-z")
        names = {name for name in (tracked + untracked).split(b"\0") if name}
        return sorted(self.root / os.fsdecode(name) for name in names)

    def read_file_at(self, commit: str, file: Path) -> bytes | None:
        """Return the content that a file had in a commit, or None if it did not exist."""
        result = _call_git(self.root, "cat-file", "blob", f"{commit}:{file.relative_to(self.root).as_posix()}")
        return None if result.returncode else result.stdout

    def find_position_in_history(self) -> int:
        """Return a number for the current commit, which is different for successive commits of a branch.

        It is the number of commits before it on its branch or, in a clone without the complete history, its hash.
        """
        if self._is_shallow():
            return int(self._try_git("rev-parse", "HEAD") or "0", 16)
        return int(self._try_git("rev-list", "--count", "--first-parent", "HEAD") or "0")

    def _is_shallow(self) -> bool:
        return self._try_git("rev-parse", "--is-shallow-repository") == "true"

    def _create_unknown_revision_error(self, revision: str) -> UsageError:
        message = f"git knows no commit '{revision}' in {self.root}."
        if self._is_shallow():
            advice = "This clone does not have the complete history: 'git fetch --unshallow' gets it."
        else:
            advice = "'git log --oneline' lists commits; 'git fetch' gets those of the remote repository."
        return UsageError(message, advice)

    def _run_git(self, *arguments: str) -> bytes:
        result = _call_git(self.root, *arguments)
        if result.returncode:
            raise _create_git_error(self.root, result)
        return result.stdout

    def _try_git(self, *arguments: str) -> str | None:
        """Return the output of git without the line break at the end, or None if git fails."""
        result = _call_git(self.root, *arguments)
        return None if result.returncode else result.stdout.decode().strip()


def find_repository(folder: Path) -> Repository | None:
    """Return the git repository that a folder belongs to.

    Args:
        folder: The folder.

    Returns:
        None if there is no git, or if the folder is not in a repository or is ignored by it, as a virtual
        environment is.

    Raises:
        HostError: git refuses to work with the repository.

    """
    try:
        result = _call_git(folder, "rev-parse", "--show-toplevel")
    except OSError:
        return None
    if result.returncode:
        if b"not a git repository" in result.stderr:
            return None
        raise _create_git_error(folder, result)
    if _call_git(folder, "check-ignore", "--quiet", str(folder)).returncode == 0:
        return None
    return Repository(Path(os.fsdecode(result.stdout.removesuffix(b"\n"))))


def _call_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # In English, because the text of an error is compared.
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run([*_GIT, *arguments], cwd=folder, env=environment, capture_output=True, check=False)


def _create_git_error(folder: Path, result: subprocess.CompletedProcess[bytes]) -> HostError:
    return HostError(
        f"git cannot read the repository of {folder}.",
        f"Fix what '{_join_arguments(result.args)}' reports, then retry.",
        result.stderr.decode(errors="replace"),
    )


def _join_arguments(argv: Sequence[str]) -> str:
    return " ".join(["git", *argv[len(_GIT) :]])
