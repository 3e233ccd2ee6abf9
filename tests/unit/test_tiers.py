"""The tiers of tests: each file is in the folder that says what it needs, and fixtures have unique names."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support import helpers

TESTS = helpers.CHECKOUT / "tests"
NEEDS_NODES = re.compile(r"\bmark\.(docker|uml|browser)\b|\b(make_labs_runner|uml_labs|sync_playwright)\b")
STARTS_PROCESSES = re.compile(
    r"\b(run_labs|PseudoTerminal|ScreenTerminal|ci_runners|CheckClient|LimitedRunner|verify_lab|lint-imports)\b"
    r"|\"-m\", \"(runner|pip|build|pytest)\""
)


def list_files(tier: str, pattern: str = "*.py") -> list[Path]:
    """Return the files of a tier, without this file, which names what it looks for."""
    return [path for path in sorted((TESTS / tier).rglob(pattern)) if path != Path(__file__)]


@pytest.mark.parametrize(
    ("tier", "forbidden"), [("unit", NEEDS_NODES), ("cli", NEEDS_NODES), ("unit", STARTS_PROCESSES)]
)
def test_tier(tier: str, forbidden: re.Pattern[str]) -> None:
    """Unit tests start no slow processes, and neither they nor the tests that do need nodes or a browser."""
    matches = {path.name: forbidden.search(path.read_text("utf-8")) for path in list_files(tier)}
    assert {} == {name: match[0] for name, match in matches.items() if match}


def test_every_test_has_a_tier() -> None:
    """Every test file is in the folder of a tier."""
    tiers = ("unit/", "cli/", "integration/docker/", "integration/uml/", "integration/browser/", "course/", "tree/")
    names = [path.relative_to(TESTS).as_posix() for path in list_files("", "test_*.py")]
    assert [] == [name for name in names if not name.startswith(tiers)]


def test_names_in_conftests() -> None:
    """No two conftest.py define a function or class of the same name, so a fixture hides no other one."""
    definitions = defaultdict(list)
    for path in list_files("", "conftest.py"):
        for statement in ast.parse(path.read_text("utf-8")).body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef) and not statement.name.startswith("pytest_"):
                definitions[statement.name].append(path.relative_to(TESTS).as_posix())
    assert {} == {name: files for name, files in definitions.items() if len(files) > 1}
