"""A lab's checks, read without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.lessons.problems import Problem


@dataclass(frozen=True, slots=True)
class CheckFunction:
    """One check.

    Attributes:
        name: Its function's name.
        line: Its line in the file of checks.
        step: The step that it names, if it says so in plain words.
        marked: Whether it names any step at all.
        says: The first line of its docstring.

    """

    name: str
    line: int
    step: str | None
    has_step: bool
    says: str


@dataclass(frozen=True, slots=True)
class CheckFile:
    """The file of a lab's checks.

    Attributes:
        path: The file.
        found: The checks in it, in their order.
        trouble: Why it cannot be read, if it cannot.

    """

    path: Path
    checks: tuple[CheckFunction, ...] = ()
    problem: Problem | None = None

    @property
    def has_known_steps(self) -> bool:
        """Whether it can be told without running them which checks belong to which step."""
        return self.problem is None and all(check.step for check in self.checks if check.has_step)

    def names_for_step(self, step_id: str) -> frozenset[str]:
        """Return the names of a step's checks."""
        return frozenset(check.name for check in self.checks if check.step == step_id)


def read_check_file(path: Path) -> CheckFile:
    """Read a file of checks; what is wrong with it becomes its trouble."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except FileNotFoundError:
        return CheckFile(path, (), Problem(path, 1, "the file is missing; every lab has its checks there"))
    except OSError as error:
        return CheckFile(path, (), Problem(path, 1, f"it cannot be read: {error}"))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = (error.lineno if isinstance(error, SyntaxError) else None) or 1
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        return CheckFile(path, (), Problem(path, line, f"it is no Python: {said}"))
    return CheckFile(path, tuple(_checks(tree)))


def _checks(tree: ast.Module) -> Iterator[CheckFunction]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            marks = [mark for mark in node.decorator_list if isinstance(mark, ast.Call) and _is_step(mark.func)]
            says = (ast.get_docstring(node) or "").strip().splitlines()[:1]
            step = next((one for mark in marks for one in _word(mark)), None)
            yield CheckFunction(node.name, node.lineno, step, bool(marks), "".join(says))


def _is_step(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name == "step"


def _word(mark: ast.Call) -> Iterator[str]:
    for argument in mark.args[:1]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
