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
from runner.grading.similarity import SimilarPair
from runner.storage.output_dir import ManagedDirectory

# Each module has `render(grades) -> str`, and `refuse()` if it cannot be written everywhere.
FILE_FORMATS = {
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
FOLDER_FORMATS = {"markdown-pages": "markdown_report", "pages": "html_report"}
FORMATS = (*sorted({*FILE_FORMATS, *FOLDER_FORMATS}),)
# What these are for knows only one submission at a time.
SINGLE_SUBMISSION_FORMATS = frozenset({"classroom50", "gradescope"})
# No student sees these.
INSTRUCTOR_FORMATS = frozenset({"json"})


def check_report_target(name: str, file: Path, found: Sequence[Path]) -> None:
    """Refuse a report that could not be written in the end; told now, for it would be told after minutes of work.

    Args:
        name: One of `ALL`.
        file: Where it is to be written.
        found: The folders of the submissions.

    Raises:
        UsageError: With what to type instead.

    """
    if name in SINGLE_SUBMISSION_FORMATS and len(found) != 1:
        raise UsageError(
            f"A report '{name}' is of one submission, and there are {len(found)}.", "Name one, or leave it out."
        )
    paths.require_folder_of(file)
    if name in FOLDER_FORMATS:
        if len(found) > 1 and file.resolve().parent in {folder.resolve().parent for folder in found}:
            raise UsageError(f"{file} would lie among the submissions, and be taken for one.", "Name another folder.")
        _owned(name, file).claim()
        return
    module = _module(FILE_FORMATS[name])
    if hasattr(module, "check_environment"):
        module.check_environment()


def write_report(name: str, file: Path, grades: Sequence[Grade], pairs: Sequence[SimilarPair]) -> None:
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
    if name in FOLDER_FORMATS:
        found = html_folder.render_files(_module(FOLDER_FORMATS[name]), grades, pairs)
        _owned(name, file).write({path: text.encode() for path, text in found.items()})
    else:
        file.write_text(render_report(name, grades, pairs), "utf-8")


def render_report(name: str, grades: Sequence[Grade], pairs: Sequence[SimilarPair] = ()) -> str:
    """Return the text of a report that is one file.

    Args:
        name: One of `NAMES`.
        grades: What it is about; of the students' own view where the format is one that students see.
        pairs: Which submissions resemble each other, for the formats that no student sees.

    """
    module = _module(FILE_FORMATS[name])
    text: str = module.render(grades, pairs) if name in INSTRUCTOR_FORMATS else module.render(grades)
    return text


def _owned(name: str, folder: Path) -> ManagedDirectory:
    return ManagedDirectory(folder, f".labs-{name}.json", f"are of no report '{name}'", "Name an empty folder.")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
