"""The reference of the snapshots that checks use, as Markdown for the documentation: from their docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from runner import paths

_CLASSES = {"swarm": ("SwarmSnapshot", "Member", "Service", "Task"), "compose": ("ComposeSnapshot", "Container")}
_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def render_snapshot_reference() -> str:
    """Return a section for each class of a snapshot, with a table of its public attributes and methods."""
    lines: list[str] = []
    for module, class_names in _CLASSES.items():
        # Only read: importing the module would import the Docker SDK, which takes long.
        tree = ast.parse((paths.checks_folder() / f"{module}.py").read_text("utf-8"))
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        for name in class_names:
            lines += _render_class(classes[name])
    return "\n".join(lines)


def _render_class(described: ast.ClassDef) -> Iterator[str]:
    yield from (f"### {described.name}", "", _read_summary(described), "", "| name | meaning |", "|---|---|")
    rows = {**_list_attributes(described), **_list_members(described)}
    yield from (f"| `{name}` | {text} |" for name, text in rows.items())
    yield ""


def _list_attributes(described: ast.ClassDef) -> dict[str, str]:
    """Return the fields of a dataclass with their descriptions, which are in its docstring."""
    section = (ast.get_docstring(described) or "").partition("Attributes:\n")[2]
    return {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(section)}


def _list_members(described: ast.ClassDef) -> dict[str, str]:
    """Return the public properties and methods of a class, with the first line of their docstrings."""
    functions = [node for node in described.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return {_render_signature(function): _read_summary(function) for function in functions}


def _render_signature(function: ast.FunctionDef) -> str:
    if function.decorator_list:
        return function.name
    names = [argument.arg for argument in function.args.args[1:]]
    names += [f"*{function.args.vararg.arg}"] if function.args.vararg else []
    return f"{function.name}({', '.join(names)})"


def _read_summary(node: ast.ClassDef | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ")
