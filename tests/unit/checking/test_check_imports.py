"""The import graph of the checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.checking.check_imports import ImportGraph
from tests.support import helpers


def _find_imports(folder: Path, source: str, **modules: str) -> list[str]:
    """Return the existing files of a package `checks` that a file with this source imports, except itself."""
    package = folder / "checks"
    package.mkdir()
    for name, text in {"__init__": "", **modules, "test_tiny": source}.items():
        (package / f"{name}.py").write_text(text, "utf-8")
    imported = ImportGraph(package).find_imported_files(package / "test_tiny.py")
    return sorted(path.stem for path in imported if path.exists() and path.stem != "test_tiny")


@pytest.mark.parametrize(
    "source",
    [
        "import checks.swarm",
        "import checks.swarm as s",
        "from checks.swarm import Service",
        "from checks.swarm import *",
        "from checks import swarm",
        "from . import swarm",
        "from .swarm import Service",
        "def test_it():\n    from checks.swarm import Service",
        "try:\n    from checks.swarm import Service\nexcept ImportError:\n    pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import json\nelse:\n    import checks.swarm",
    ],
)
def test_ways_to_import(source: str, tmp_path: Path) -> None:
    """Every way to import a module is recognized, and loads its package too."""
    assert ["__init__", "swarm"] == _find_imports(tmp_path, source, swarm="", other="")


@pytest.mark.parametrize(
    "source",
    [
        "import json\nfrom pathlib import Path",
        "import checks_of_others.swarm",
        "swarm = 'checks.swarm'",
        "import typing\nif typing.TYPE_CHECKING:\n    from checks.swarm import Service",
    ],
)
def test_other_imports(source: str, tmp_path: Path) -> None:
    """Other modules, and imports for type checkers only, do not count."""
    assert [] == _find_imports(tmp_path, source, swarm="")


def test_indirect_imports(tmp_path: Path) -> None:
    """Imports of imported modules count, also in a circle."""
    modules = {
        "a": "from checks import b",
        "b": "from checks.c import X",
        "c": "import checks.a",
        "d": "import checks.a",
    }
    assert ["__init__", "a", "b", "c"] == _find_imports(tmp_path, "from checks.a import X", **modules)


def test_missing_module(tmp_path: Path) -> None:
    """A module that was deleted is still a part of the graph, so that its importers are affected."""
    package = tmp_path / "checks"
    package.mkdir()
    (package / "test_tiny.py").write_text("from checks.gone import X", "utf-8")
    assert package / "gone.py" in ImportGraph(package).find_imported_files(package / "test_tiny.py")


def test_syntax_error(tmp_path: Path) -> None:
    """A file that cannot be parsed could import every module."""
    assert ["__init__", "other", "swarm"] == _find_imports(tmp_path, "import (", swarm="", other="")


def test_real_checks() -> None:
    """Of the checks of this project, those of voting-app use the routing mesh, and those of compose-counter do not."""
    graph = ImportGraph(helpers.CHECKOUT / "checks")
    module = helpers.CHECKOUT / "checks" / "routing_mesh.py"
    assert (True, False) == tuple(
        module in graph.find_imported_files(helpers.CHECKOUT / "checks" / f"test_{lab}.py")
        for lab in ("voting_app", "compose_counter")
    )
