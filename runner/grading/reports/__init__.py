"""The reports that a grading can write, a module a format."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from runner import paths
from runner.errors import UsageError
from runner.grading.grade_model import Grade
from runner.grading.reports import html_folder
from runner.grading.similarity import Pair
from runner.storage.output_dir import ManagedDirectory

# Each module has `render(grades) -> str`, and `refuse()` if it cannot be written everywhere.
NAMES = {
    "annotations": "github_annotations",
    "canvas": "canvas",
    "classroom50": "classroom50",
    "csv": "csv_report",
    "gitlab": "gitlab_code_quality",
    "gradescope": "gradescope",
    "html": "html_report",
    "json": "json_report",
    "junit": "junit",
    "markdown": "markdown_report",
    "moodle": "moodle",
    "tap": "tap",
}
# Each is a folder of files, which a module of `NAMES` writes.
FOLDERS = {"markdown-pages": "markdown_report", "pages": "html_report"}
ALL = (*sorted({*NAMES, *FOLDERS}),)
# What these are for knows only one submission at a time.
OF_ONE = frozenset({"classroom50", "gradescope"})
# No student sees these.
OF_INSTRUCTORS = frozenset({"json"})


def refuse_unfit(name: str, file: Path, found: Sequence[Path]) -> None:
    """Refuse a report that could not be written in the end; told now, for it would be told after minutes of work.

    Args:
        name: One of `ALL`.
        file: Where it is to be written.
        found: The folders of the submissions.

    Raises:
        UsageError: With what to type instead.

    """
    if name in OF_ONE and len(found) != 1:
        raise UsageError(
            f"A report '{name}' is of one submission, and there are {len(found)}.", "Name one, or leave it out."
        )
    paths.require_folder_of(file)
    if name in FOLDERS:
        if len(found) > 1 and file.resolve().parent in {folder.resolve().parent for folder in found}:
            raise UsageError(f"{file} would lie among the submissions, and be taken for one.", "Name another folder.")
        _owned(name, file).claim()
        return
    module = _module(NAMES[name])
    if hasattr(module, "refuse"):
        module.refuse()


def write(name: str, file: Path, grades: Sequence[Grade], pairs: Sequence[Pair]) -> None:
    """Write a report.

    Args:
        name: One of `ALL`.
        file: Where to; a folder where the format is one.
        grades: What it is about.
        pairs: Which submissions resemble each other, for the formats that no student sees.

    Raises:
        LabsError: It cannot be written.
        OSError: The same.

    """
    if name in FOLDERS:
        found = html_folder.files(_module(FOLDERS[name]), grades, pairs)
        _owned(name, file).write({path: text.encode() for path, text in found.items()})
    else:
        file.write_text(render(name, grades, pairs), "utf-8")


def render(name: str, grades: Sequence[Grade], pairs: Sequence[Pair] = ()) -> str:
    """Return the text of a report that is one file.

    Args:
        name: One of `NAMES`.
        grades: What it is about; of the students' own view where the format is one that students see.
        pairs: Which submissions resemble each other, for the formats that no student sees.

    """
    module = _module(NAMES[name])
    text: str = module.render(grades, pairs) if name in OF_INSTRUCTORS else module.render(grades)
    return text


def _owned(name: str, folder: Path) -> ManagedDirectory:
    return ManagedDirectory(folder, f".labs-{name}.json", f"are of no report '{name}'", "Name an empty folder.")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
