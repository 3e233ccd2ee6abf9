"""Read the file with a lab's checks without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.lessons.problems import Problem


@dataclass(frozen=True, slots=True)
class CheckFunction:
    """A check.

    Attributes:
        name: The name of its function.
        line: Its line in the file.
        step: The id of its step, if it is a string literal.
        has_step: Whether it has a `@step` decorator, even if its argument is not a string literal.
        says: The first line of its docstring.

    """

    name: str
    line: int
    step: str | None
    has_step: bool
    says: str


@dataclass(frozen=True, slots=True)
class CheckFile:
    """The file with a lab's checks.

    Attributes:
        path: The file.
        checks: The checks in it, in order.
        problem: Why it cannot be read; None if it can.

    """

    path: Path
    checks: tuple[CheckFunction, ...] = ()
    problem: Problem | None = None

    @property
    def has_only_literal_step_ids(self) -> bool:
        """Whether the step of each check is known without running the file."""
        return self.problem is None and all(check.step for check in self.checks if check.has_step)

    def list_step_check_names(self, step_id: str) -> frozenset[str]:
        """Return the names of a step's checks."""
        return frozenset(check.name for check in self.checks if check.step == step_id)


def read_check_file(path: Path) -> CheckFile:
    """Read a file with checks; if that fails, the result has a problem."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except FileNotFoundError:
        return CheckFile(path, (), Problem(path, 1, "the file is missing; every lab needs its checks there"))
    except OSError as error:
        return CheckFile(path, (), Problem(path, 1, f"cannot read the file: {error}"))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = (error.lineno if isinstance(error, SyntaxError) else None) or 1
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        return CheckFile(path, (), Problem(path, line, f"invalid Python: {message}"))
    return CheckFile(path, tuple(_find_checks(tree)))


def _find_checks(tree: ast.Module) -> Iterator[CheckFunction]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            calls = [call for call in node.decorator_list if isinstance(call, ast.Call) and _is_step(call.func)]
            first_lines = (ast.get_docstring(node) or "").strip().splitlines()[:1]
            step = next((step_id for call in calls for step_id in _find_step_id(call)), None)
            yield CheckFunction(node.name, node.lineno, step, bool(calls), "".join(first_lines))


def _is_step(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name == "step"


def _find_step_id(call: ast.Call) -> Iterator[str]:
    for argument in call.args[:1]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
