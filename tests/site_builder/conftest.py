"""What the tests of the site share: a small tree of labs, and its pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from runner.site_builder import build
from tests import helpers

Pages = Callable[..., Mapping[str, str]]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty tree of labs that is the only one there is."""
    helpers.own_folders(monkeypatch, tmp_path)
    (tmp_path / "labs").mkdir()
    return tmp_path


@pytest.fixture
def pages(tree: Path) -> Pages:
    """Return what writes a lab called 'tiny', and gives the text of each page of the site."""

    def made(lesson: str, *, url: str = "", **more: str) -> Mapping[str, str]:
        helpers.write_lab(tree, lesson)
        for name, text in more.items():
            (tree / "labs" / name.replace("__", "/").replace("_", ".")).write_text(text, "utf-8")
        found = build.files(url=url)
        return {path: data.decode() for path, data in found.items() if path.endswith((".html", ".xml", ".txt", ".js"))}

    return made
