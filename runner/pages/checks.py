"""What checks say, for pages: read from their docstrings, without running them."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from runner import paths


def what_checks_say(lab: str) -> Mapping[str, str]:
    """Return for each check of a lab what is true when it passes; nothing where its file cannot be read."""
    path = paths.checks_folder() / f"test_{lab.replace('-', '_')}.py"
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return {one.name: (ast.get_docstring(one) or "").partition("\n")[0].rstrip(".") for one in functions}
