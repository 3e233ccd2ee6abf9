"""Fixtures for the site builder: a small labs folder, and the pages built from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.site_builder import build
from tests.support import helpers
from tests.support.helpers import Pages


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty labs folder, which is the only one that labs can see."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    (tmp_path / "labs").mkdir()
    return tmp_path


@pytest.fixture
def pages(tree: Path) -> Pages:
    """Return a function that writes a lab named `tiny` and returns the text files of the site by path."""

    def build_pages(lesson: str, *, url: str = "", **other_files: str) -> Mapping[str, str]:
        helpers.write_lab(tree, lesson)
        for name, text in other_files.items():
            (tree / "labs" / name.replace("__", "/").replace("_", ".")).write_text(text, "utf-8")
        files = build.render_site_files(url=url)
        return {path: data.decode() for path, data in files.items() if path.endswith((".html", ".xml", ".txt", ".js"))}

    return build_pages
