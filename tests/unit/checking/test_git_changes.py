"""Asking git what has changed, in real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking import git_changes
from runner.checking.git_changes import Repository
from runner.errors import HostError, UsageError
from tests.support import git_repository
from tests.support.git_repository import GitRepository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """Return a repository with two files."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"{name} is a file with some text\n", "utf-8")
    return git_repository.create_repository(tmp_path)


def _list_names(repository: GitRepository, revision: str = "main") -> list[str]:
    git = Repository(repository.folder)
    files = git.list_changed_files(git.resolve_revision(revision))
    return [str(path.relative_to(repository.folder)) for path in files]


def test_no_change(repository: GitRepository) -> None:
    """Without a change there is no changed file."""
    assert [] == _list_names(repository)


def test_kinds_of_changes(repository: GitRepository) -> None:
    """Committed, staged, unstaged, untracked and deleted files count, but not ignored ones."""
    repository.run_git("switch", "--quiet", "--create", "branch")
    repository.write_file("committed")
    repository.write_file(".gitignore", "ignored\n")
    repository.commit_all()
    repository.write_file("staged")
    repository.run_git("add", "staged")
    repository.write_file("one")
    repository.write_file("new/ä file\nwith a line break")
    repository.write_file("ignored")
    (repository.folder / "two").unlink()
    expected = [".gitignore", "committed", "new/ä file\nwith a line break", "one", "staged", "two"]
    assert expected == _list_names(repository)


def test_compiled_modules(repository: GitRepository) -> None:
    """What Python compiled does not count, also where the repository does not ignore it."""
    repository.write_file("checks/__pycache__/test_tiny.cpython-311.pyc")
    assert [] == _list_names(repository)


def test_rename(repository: GitRepository) -> None:
    """A renamed file counts under both names."""
    repository.run_git("mv", "one", "three")
    repository.commit_all()
    assert ["one", "three"] == _list_names(repository, "HEAD~1")


def test_changes_of_the_other_branch(repository: GitRepository) -> None:
    """Changes that were made on the other branch after the current branch left it do not count."""
    repository.run_git("switch", "--quiet", "--create", "branch")
    repository.write_file("one")
    repository.commit_all()
    repository.run_git("switch", "--quiet", "main")
    repository.write_file("two")
    repository.commit_all()
    repository.run_git("switch", "--quiet", "branch")
    assert ["one"] == _list_names(repository)


def test_unrelated_history(repository: GitRepository) -> None:
    """A revision without a common commit is compared directly."""
    repository.run_git("switch", "--quiet", "--orphan", "other")
    repository.write_file("three")
    repository.commit_all()
    assert ["one", "three", "two"] == _list_names(repository)


@pytest.mark.parametrize("revision", ["nowhere", "HEAD~1", "--all", "HEAD:one", ""])
def test_unknown_revision(revision: str, repository: GitRepository) -> None:
    """A revision that is not a commit is an error that says how to list commits."""
    with pytest.raises(UsageError, match="git knows no commit") as caught:
        Repository(repository.folder).resolve_revision(revision)
    assert caught.value.advice.startswith("'git log --oneline'")


def test_shallow_clone(repository: GitRepository, tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a clone without the complete history, the advice is to get it; the position in the history is still known."""
    repository.commit_all()
    folder = tmp_path_factory.mktemp("clones") / "shallow"
    repository.run_git("clone", "--quiet", "--depth=1", f"file://{repository.folder}", str(folder))
    clone = Repository(folder)
    with pytest.raises(UsageError) as caught:
        clone.resolve_revision("HEAD~1")
    assert "git fetch --unshallow" in caught.value.advice
    assert int(repository.run_git("rev-parse", "HEAD"), 16) == clone.find_position_in_history()


def test_old_content(repository: GitRepository) -> None:
    """The content of a file in a commit is known even if the file is gone now; a file that did not exist has none."""
    git = Repository(repository.folder)
    commit = git.resolve_revision("HEAD")
    (repository.folder / "one").unlink()
    assert b"one is a file with some text\n" == git.read_file_at(commit, repository.folder / "one")
    assert git.read_file_at(commit, repository.folder / "three") is None


def test_position_in_history(repository: GitRepository) -> None:
    """Successive commits have successive positions, also where one merges several others."""
    positions = [Repository(repository.folder).find_position_in_history()]
    repository.run_git("switch", "--quiet", "--create", "branch")
    for _ in range(3):
        repository.commit_all()
    repository.run_git("switch", "--quiet", "main")
    repository.run_git("merge", "--quiet", "--no-ff", "--message", "Merge", "branch")
    positions.append(Repository(repository.folder).find_position_in_history())
    assert [1, 2] == positions


def test_find_repository(repository: GitRepository) -> None:
    """A folder below the top level of a working tree belongs to the repository, also through a symbolic link."""
    (repository.folder / "inner").mkdir()
    link = repository.folder / "link"
    link.symlink_to("inner")
    assert [Repository(repository.folder)] * 2 == [
        git_changes.find_repository(repository.folder / name) for name in ("inner", "link")
    ]


def test_ignored_folder(repository: GitRepository) -> None:
    """A folder that the repository ignores, such as a virtual environment with labs in it, does not belong to it."""
    repository.write_file(".gitignore", ".venv/\n")
    folder = repository.write_file(".venv/labs/one").parent
    assert git_changes.find_repository(folder) is None


def test_no_repository(tmp_path: Path) -> None:
    """A folder outside any repository belongs to none."""
    assert git_changes.find_repository(tmp_path) is None


def test_no_git(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program git there is no repository."""
    monkeypatch.setenv("PATH", str(repository.folder))
    assert git_changes.find_repository(repository.folder) is None


def test_damaged_repository(repository: GitRepository) -> None:
    """A repository that git refuses to read is an error with git's own words."""
    (repository.folder / ".git" / "config").write_text("[core\n", "utf-8")
    with pytest.raises(HostError, match="git cannot read the repository") as caught:
        git_changes.find_repository(repository.folder)
    assert "bad config" in caught.value.log
