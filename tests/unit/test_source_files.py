"""The list of source files that other tests check."""

from __future__ import annotations

import pytest

from tests.support import helpers, source_files


def test_without_git() -> None:
    """An unpacked archive has the same source files as a git repository."""
    if not (helpers.CHECKOUT / ".git").exists():
        pytest.skip("this checkout is no git repository")
    folders = ("runner", "checks", "tests", ".ci", "Makefile")
    assert source_files.list_source_files(*folders) == source_files.list_files_without_git(*folders)
