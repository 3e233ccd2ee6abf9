"""The import graph of the checks: which files of the package `checks` a check file uses, directly or indirectly."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard


@dataclass(slots=True)
class ImportGraph:
    """Finds the files of one package that a Python file imports; each file is parsed once.

    Attributes:
        package_folder: The folder of the package.

    """

    package_folder: Path
    _direct_imports: dict[Path, frozenset[Path]] = field(default_factory=dict)

    def find_imported_files(self, file: Path) -> frozenset[Path]:
        """Return the files that a Python file imports, directly or indirectly, and the file itself.

        Imports inside functions count too, but not those for type checkers only. For a name that could be a module or
        an object in one, the result contains the module's path even if that file does not exist.

        Args:
            file: The Python file, in the package or elsewhere.

        """
        files, pending = {file}, [file]
        while pending:
            new_files = self._read_imports(pending.pop()) - files
            files |= new_files
            pending += new_files
        return frozenset(files)

    def _read_imports(self, file: Path) -> frozenset[Path]:
        if file not in self._direct_imports:
            self._direct_imports[file] = frozenset(self._parse_imports(file)) if file.is_file() else frozenset()
        return self._direct_imports[file]

    def _parse_imports(self, file: Path) -> Iterator[Path]:
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            # The imports are unknown, so it could import every file.
            yield from self.package_folder.rglob("*.py")
            return
        for name in _list_imported_names(tree, self._find_module_name(file)):
            yield from self._list_module_files(name)

    def _find_module_name(self, file: Path) -> tuple[str, ...]:
        if not file.is_relative_to(self.package_folder):
            return (file.stem,)
        return file.relative_to(self.package_folder.parent).with_suffix("").parts

    def _list_module_files(self, name: tuple[str, ...]) -> Iterator[Path]:
        """List the files that importing a dotted name can load: the module, and all packages that contain it."""
        if name[0] != self.package_folder.name:
            return
        for length in range(1, len(name) + 1):
            path = self.package_folder.parent.joinpath(*name[:length])
            yield path / "__init__.py"
            if length > 1:
                yield path.with_suffix(".py")


def _list_imported_names(tree: ast.AST, module: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for node in _walk_executed_code(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package that contains the module, and each further dot is the one above it.
            parent = module[: -node.level] if node.level else ()
            source = (*parent, *(node.module.split(".") if node.module else ()))
            yield from ((*source, alias.name) for alias in node.names)


def _walk_executed_code(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes of a syntax tree, except the bodies of `if TYPE_CHECKING:`."""
    yield tree
    children = tree.orelse if _is_type_checking_block(tree) else ast.iter_child_nodes(tree)
    for child in children:
        yield from _walk_executed_code(child)


def _is_type_checking_block(node: ast.AST) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
