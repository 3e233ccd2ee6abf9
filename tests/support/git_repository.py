"""A real git repository in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SETTINGS = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


@dataclass(frozen=True, slots=True)
class GitRepository:
    """A git repository, and how to change it.

    Attributes:
        folder: The top-level folder of its working tree.

    """

    folder: Path

    def run_git(self, *arguments: str) -> str:
        """Run a git command and return its output."""
        # The user's configuration, and the variables that git sets in its hooks, must not change a test.
        variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        variables |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        argv = ["git", *_SETTINGS, *arguments]
        result = subprocess.run(argv, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)
        assert 0 == result.returncode, f"{argv}: {result.stderr}"
        return result.stdout.strip()

    def write_file(self, name: str, content: str = "changed\n") -> Path:
        """Write a file, and create its folder if it is missing."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        return path

    def commit_all(self) -> None:
        """Commit the current files, even if none has changed."""
        self.run_git("add", "--all")
        self.run_git("commit", "--quiet", "--allow-empty", "--message", "A commit")


def create_repository(folder: Path) -> GitRepository:
    """Create a git repository in a folder, with the files in it as its first commit on the branch `main`."""
    folder.mkdir(parents=True, exist_ok=True)
    repository = GitRepository(folder.resolve())
    repository.run_git("init", "--quiet", "--initial-branch", "main")
    repository.commit_all()
    return repository
