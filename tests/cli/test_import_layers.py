"""Imports in `runner` point down the layers that pyproject.toml lists, and CONTRIBUTING.md shows the same layers."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import helpers

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
PYPROJECT = helpers.CHECKOUT / "pyproject.toml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the packages that a test may break."""
    for package in ("runner", "checks"):
        ignored = shutil.ignore_patterns("__pycache__", "recipes")
        shutil.copytree(helpers.CHECKOUT / package, tmp_path / package, ignore=ignored)
    shutil.copy(PYPROJECT, tmp_path)
    return tmp_path


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree as `make lint` does."""
    return subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False)


def test_contracts_hold(tree: Path) -> None:
    """The code keeps every import contract."""
    result = lint_imports(tree)
    assert 0 == result.returncode, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("runner/nodes/topology.py", "from runner.lessons import model", "Imports point down"),
        ("runner/lessons/model.py", "from runner.drivers.common import parallel", "Imports point down"),
        ("runner/storage/locks.py", "from runner.cli import _console", "Imports point down"),
        ("runner/drivers/docker/node.py", "from runner.drivers.uml import network", "Drivers do not know each other"),
        ("runner/lessons/model.py", "import docker", "Only drivers and nodes use the Docker SDK"),
        ("runner/cli/list_.py", "from runner.drivers.docker import labels", "Nothing outside runner/drivers"),
    ],
)
def test_upward_import(tree: Path, module: str, line: str, contract: str) -> None:
    """An import that points up, or sideways into a driver, breaks its contract."""
    file = tree / module
    file.write_text(f"{file.read_text('utf-8')}\n{line}\n", "utf-8")
    result = lint_imports(tree)
    assert 1 == result.returncode
    assert re.search(rf"^{re.escape(contract)}.* BROKEN", result.stdout, re.MULTILINE), result.stdout


def test_new_package(tree: Path) -> None:
    """A package that no layer lists breaks the contract."""
    (tree / "runner" / "extras").mkdir()
    (tree / "runner" / "extras" / "__init__.py").touch()
    assert 1 == lint_imports(tree).returncode


def test_checks_of_labs() -> None:
    """The checks of a lab import only the vocabulary in `checks`, pytest and the standard library."""
    for file in (helpers.CHECKOUT / "checks").glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
                roots = {name.partition(".")[0] for name in names}
                assert roots <= {"checks", "pytest", *sys.stdlib_module_names}, f"{file.name}:{node.lineno}"


def test_contributing() -> None:
    """CONTRIBUTING.md lists the layers in the order of the contract."""
    contracts = tomllib.loads(PYPROJECT.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["id"] == "layers")["layers"]
    text = (helpers.CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
    shown = re.search(r"<!-- layers -->\n+```text\n(.*?)```\n+<!-- /layers -->", text, re.DOTALL)
    assert shown, "CONTRIBUTING.md has no block between <!-- layers --> and <!-- /layers -->"
    assert layers == [line.partition("  ")[0].strip() for line in shown[1].splitlines()]
