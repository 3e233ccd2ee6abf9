"""The options of `labs grade` about a class: downloads, the roster, deadlines and manual points."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.text import Text

from runner.cli import _console
from runner.errors import UsageError
from runner.grading import class_folder
from runner.grading.classes import class_list, deadlines, final_grades, manual_points
from runner.grading.classes.class_list import DOWNLOAD_READERS, ClassList
from runner.grading.classes.deadlines import Deadline
from runner.grading.classes.manual_points import ManualPoints
from runner.grading.classes.roster import RosterEntry
from runner.grading.grade_model import Grade, LearnerIdentity
from runner.grading.reports import report_texts
from runner.lessons import catalog

_SCRATCH_PREFIX = "labs-class-"


@dataclass(frozen=True, slots=True)
class ClassOptions:
    """The options about a class, as they were given.

    Attributes:
        system: The course system that handed out the download; None for folders.
        roster: The roster, if there is one.
        skip_unmatched: Whether to leave out submissions of which the learner is not known.
        due: The deadline.
        grace: How much later a submission may be without being late.
        late_penalty: The percentage that each day costs.
        manual: The file with manual points, if there is one.

    """

    system: str | None
    roster: Path | None
    skip_unmatched: bool
    due: str | None
    grace: str | None
    late_penalty: str | None
    manual: Path | None


@dataclass(frozen=True, slots=True)
class SubmittedClass:
    """A class whose submissions are ready to be graded.

    Attributes:
        class_list: The learners and their submissions.
        deadline: The deadline, if there is one.
        points: Manual points.

    """

    class_list: ClassList
    deadline: Deadline | None
    points: Sequence[ManualPoints]

    def complete_grades(self, grades: Sequence[Grade], lab: str | None) -> list[Grade]:
        """Return the final grades of the class."""
        return final_grades.complete_grades(grades, self.class_list, self.deadline, self.points, lab)


def class_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add the options that `ClassOptions` contains."""
    file_type = click.Path(dir_okay=False, path_type=Path)
    options = [
        click.option(
            "--from",
            "system",
            type=click.Choice(list(DOWNLOAD_READERS)),
            help="PATH is a download of this course system: the zip or its folder, as you downloaded it.",
        ),
        click.option(
            "--roster",
            type=file_type,
            metavar="FILE",
            help="The learners of the class (CSV); those who handed nothing in get 0 points.",
        ),
        click.option(
            "--skip-unmatched", is_flag=True, help="Leave out submissions whose learner is not in the roster."
        ),
        click.option(
            "--due", metavar="TIME", help="When submissions are due, as in '2026-11-30 23:59'; roster: extensions."
        ),
        click.option("--grace", metavar="TIME", help="How much later is not late: '15m', '2h' or '1d'."),
        click.option(
            "--late-penalty", metavar="PERCENT", help="What each day late costs, in percent of the maximum: '10'."
        ),
        click.option(
            "--manual",
            type=file_type,
            metavar="FILE",
            help="Points and comments of yours (CSV with the columns learner, points, item, possible, comment).",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def open_class(options: ClassOptions, paths: Sequence[Path], is_single: bool) -> Iterator[SubmittedClass]:
    """Provide a class; while the block runs, extracted files exist.

    Args:
        options: The options.
        paths: Submissions, folders of submissions, or the download.
        is_single: Whether a path is one submission in any case, even if it looks like a class or has none.

    Raises:
        UsageError: An option is wrong, or a file cannot be read.

    """
    deadline = deadlines.parse_deadline(options.due, options.grace, options.late_penalty)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX) as scratch_folder:
        members = _list_class(options, paths, is_single, deadline, Path(scratch_folder))
        if deadline:
            deadlines.check_file_times(list(members.submittals.values()))
        points = _read_points(options.manual, members) if options.manual else []
        _print_warnings(options, members)
        yield SubmittedClass(members, deadline, points)


def _read_points(file: Path, members: ClassList) -> list[ManualPoints]:
    return manual_points.read_manual_points(file, _list_entries(members), catalog.list_lab_names())


def _list_class(
    options: ClassOptions, paths: Sequence[Path], is_single: bool, deadline: Deadline | None, scratch_folder: Path
) -> ClassList:
    if options.system is None:
        scratch_folder.joinpath("folders").mkdir()
        paths = paths or (Path(),)
        submitted = class_folder.find_submissions(paths, scratch_folder / "folders", is_single)
        listed = class_list.create_folder_list(submitted, options.roster, deadline, options.skip_unmatched)
        extracted = [source for source in listed.sources if source.folder.is_relative_to(scratch_folder)]
        names = {
            source.name: class_folder.name_extracted_folder(source.folder, paths, scratch_folder / "folders")
            for source in extracted
        }
        return replace(listed, folders={**listed.folders, **names})
    if len(paths) != 1:
        raise UsageError(
            f"'--from {options.system}' takes one download, and there are {len(paths)}.",
            f"Name the file that you downloaded: labs grade --from {options.system} submissions.zip",
        )
    download = class_list.open_download(options.system, paths[0], scratch_folder)
    return class_list.create_class_list(paths[0], download, options.roster, deadline, options.skip_unmatched)


def _print_warnings(options: ClassOptions, members: ClassList) -> None:
    warnings = list(members.warnings)
    # Canvas marks what is late, so everything else is not.
    if options.due and options.system != "canvas":
        warnings.append(deadlines.describe_unknown_times(members.submittals))
    for warning in filter(None, warnings):
        line = report_texts.sanitize_to_one_line(warning)
        _console.get_stderr().print(Text(f"! {line}", style="yellow"), soft_wrap=True)


def _list_entries(members: ClassList) -> list[RosterEntry]:
    """Return the learners whom manual points can be for; without a roster, each submission is one."""
    known = {entry.key for entry in members.all_entries}
    others = [RosterEntry(source.name, LearnerIdentity()) for source in members.sources if source.name not in known]
    return [*members.all_entries, *others]
