"""Reports on grades for other programs and for people: one module per format, each with `render`."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from runner import paths
from runner.errors import HostError, LabsError, UsageError, create_unknown_name_error
from runner.grading.grade_model import Grade
from runner.grading.reports import csv_cells, report_folder
from runner.grading.similarity import SimilarPair
from runner.grading.sources import SubmissionSource
from runner.storage import atomic
from runner.storage.output_dir import ManagedDirectory

# Each module has `render(grades) -> str`, and `check_environment()` if the report cannot be written everywhere.
FILE_FORMATS = {
    "annotations": "github_annotations",
    "canvas": "canvas",
    "classroom50": "classroom50",
    "csv": "csv_report",
    "csv-semicolon": "csv_semicolon",
    "gitlab": "gitlab_code_quality",
    "gradescope": "gradescope",
    "html": "html_report",
    "json": "json_report",
    "junit": "junit",
    "markdown": "markdown_report",
    "moodle": "moodle",
    "tap": "tap",
}
# These are folders of files, which modules of `FILE_FORMATS` render.
FOLDER_FORMATS = {"markdown-pages": "markdown_report", "pages": "html_report"}
FORMATS = (*sorted({*FILE_FORMATS, *FOLDER_FORMATS}),)
# A grade book or a person looks for learners in these by their identifiers.
GRADE_BOOK_FORMATS = frozenset({"canvas", "csv", "csv-semicolon", "moodle"})
# The programs that read these expect exactly one submission.
SINGLE_SUBMISSION_FORMATS = frozenset({"classroom50", "gradescope"})
# These are not for students, so they include hidden checks and similar submissions.
INSTRUCTOR_FORMATS = frozenset({"json"})
_NULL_DEVICE = Path("/dev/null")


class ReportTarget(NamedTuple):
    """A report to write: its format, one of `FORMATS`, and its file or folder."""

    format_name: str
    path: Path


def parse_report_options(options: Iterable[str]) -> list[ReportTarget]:
    """Return the reports that `--report FORMAT=FILE` options name.

    Raises:
        UsageError: An option is malformed, a format is unknown, or two reports have the same file.

    """
    targets = [_parse_report_option(option) for option in options]
    paths_in_use = [target.path.resolve() for target in targets]
    for name, path in targets:
        if paths_in_use.count(path.resolve()) > 1 and path != _NULL_DEVICE:
            raise UsageError(f"Two reports would be written to {path}.", f"Name another file for '{name}'.")
    return targets


def _parse_report_option(option: str) -> ReportTarget:
    name, _, path = option.partition("=")
    if not path:
        raise UsageError(f"'{option}' names no file.", "Name the format and the file: '--report json=grades.json'.")
    if name not in FORMATS:
        raise create_unknown_name_error("report format", name, FORMATS, "labs grade --help")
    return ReportTarget(name, Path(path))


def check_report_target(format_name: str, path: Path, submissions: Sequence[SubmissionSource]) -> None:
    """Reject a report that cannot be written before grading starts, because grading may take minutes.

    Args:
        format_name: The format, one of `FORMATS`.
        path: The file or folder to write.
        submissions: The submissions.

    Raises:
        UsageError: The report cannot be written.

    """
    if format_name in SINGLE_SUBMISSION_FORMATS and len(submissions) != 1:
        raise UsageError(
            f"The report '{format_name}' is about one submission, and there are {len(submissions)}.",
            "Grade one submission, or omit the report.",
        )
    if format_name in GRADE_BOOK_FORMATS:
        for source in submissions:
            csv_cells.check_identifier(source.name)
    paths.check_parent_folder(path)
    if format_name in FOLDER_FORMATS:
        if len(submissions) > 1 and path.resolve().parent in {source.folder.resolve().parent for source in submissions}:
            raise UsageError(
                f"{path} is in the folder of the submissions, and would be graded as one next time.",
                "Name a folder elsewhere.",
            )
        _open_managed_folder(format_name, path).check_ownership()
        return
    module = _load_module(FILE_FORMATS[format_name])
    if hasattr(module, "check_environment"):
        module.check_environment()


def write_reports(targets: Iterable[ReportTarget], grades: Sequence[Grade], pairs: Sequence[SimilarPair]) -> None:
    """Write all reports that can be written; only then raise the error of the first one that cannot.

    Raises:
        LabsError: A report cannot be written.

    """
    errors: list[LabsError] = []
    for name, path in targets:
        try:
            write_report(name, path, grades, pairs)
        except LabsError as error:
            errors.append(error)
        except OSError as error:
            errors.append(
                HostError(
                    f"Cannot write {path}: {error.strerror}.", "All other reports are written. Name another file."
                )
            )
    if errors:
        raise errors[0]


def write_report(format_name: str, path: Path, grades: Sequence[Grade], pairs: Sequence[SimilarPair]) -> None:
    """Write a report.

    Args:
        format_name: The format, one of `FORMATS`.
        path: The file or folder to write.
        grades: The grades.
        pairs: The submissions that resemble each other, for formats that students do not see.

    Raises:
        LabsError: It cannot be written.
        OSError: The file or folder cannot be written.

    """
    if format_name in FOLDER_FORMATS:
        files = report_folder.render_folder_files(_load_module(FOLDER_FORMATS[format_name]), grades, pairs)
        _open_managed_folder(format_name, path).write_files({file: text.encode() for file, text in files.items()})
    else:
        atomic.write_text(path, render_report(format_name, grades, pairs))


def render_report(format_name: str, grades: Sequence[Grade], pairs: Sequence[SimilarPair] = ()) -> str:
    """Return the text of a report that is one file.

    Args:
        format_name: The format, one of `FILE_FORMATS`.
        grades: The grades; formats that students see leave out what hidden checks found.
        pairs: The submissions that resemble each other, for formats that students do not see.

    """
    module = _load_module(FILE_FORMATS[format_name])
    text: str = module.render(grades, pairs) if format_name in INSTRUCTOR_FORMATS else module.render(grades)
    return text


def _open_managed_folder(name: str, folder: Path) -> ManagedDirectory:
    return ManagedDirectory(folder, f".labs-{name}.json", f"a report '{name}'", "Name an empty folder.")


def _load_module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
