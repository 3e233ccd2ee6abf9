"""Shows grading while it goes on, and the grades it has come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.checking.results import Outcome
from runner.cli import _console
from runner.cli._check_results import OUTCOME_SYMBOLS
from runner.cli._live_lines import LiveLines
from runner.grading.grade_model import Grade, Mark, sum_points
from runner.grading.job import Job
from runner.grading.reports import student_view
from runner.grading.similarity import SimilarPair

_NAME_WIDTH = 24
_MOST_PAIRS, _MOST_LINES = 10, 2


class GradingDisplay(Protocol):
    """Is told how a grading goes on."""

    def show_status(self, job: Job, line: str) -> None:
        """Show what is being done for a job."""
        ...

    def show_grade(self, job: Job, grade: Grade) -> None:
        """Show that a job is done."""
        ...


@contextmanager
def open_display() -> Iterator[GradingDisplay]:
    """Have a screen: live on a terminal, and as lines elsewhere."""
    if not _console.get_stderr().is_terminal:
        yield _Log()
        return
    lines = LiveLines(_NAME_WIDTH)
    with Live(lines, console=_console.get_stderr(), refresh_per_second=4, transient=True):
        yield _Live(lines)


class _Log:
    def show_status(self, job: Job, line: str) -> None:
        """Leave out what would make a log of a hundred submissions unreadable."""

    def show_grade(self, job: Job, grade: Grade) -> None:
        _console.get_stderr().print(_ended(job, grade), soft_wrap=True)


class _Live:
    def __init__(self, lines: LiveLines) -> None:
        self._lines = lines

    def show_status(self, job: Job, line: str) -> None:
        self._lines.set_line(job.name, line)

    def show_grade(self, job: Job, grade: Grade) -> None:
        self._lines.remove_line(job.name)
        _console.get_stderr().print(_ended(job, grade), soft_wrap=True)


def _ended(job: Job, grade: Grade) -> Text:
    sign, style = ("✓", "green") if grade.is_complete else ("!", "yellow")
    return Text.assemble(
        (f"{sign} ", style), f"{student_view.to_single_line(job.name)}: ", _verdict(grade), _seconds(grade)
    )


def _seconds(grade: Grade) -> tuple[str, str]:
    return f"  {grade.seconds:.0f} s", "dim"


def _verdict(grade: Grade) -> Text:
    if grade.trouble:
        return Text(student_view.to_single_line(student_view.describe_missing_grade(grade)), style="yellow")
    score = Text(f"{student_view.format_score(grade.score)} points", style="bold")
    return (
        score
        if grade.is_complete
        else Text.assemble(
            score, ("; ", ""), (student_view.to_single_line(student_view.describe_missing_grade(grade)), "yellow")
        )
    )


def print_grades(grades: Sequence[Grade], pairs: Sequence[SimilarPair] = ()) -> None:
    """Print the grades: one with all its checks, at which its student may look; several as a table."""
    out = _console.get_stdout()
    if len(grades) == 1:
        _show_one(student_view.redact_hidden_checks(grades[0]))
        return
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("SUBMISSION", "LAB", "POINTS", "SECONDS", ""):
        table.add_column(heading, justify="right" if heading in ("POINTS", "SECONDS") else "left")
    for grade in grades:
        note = Text(student_view.to_single_line(student_view.describe_missing_grade(grade)), style="yellow")
        seconds = f"{grade.seconds:.0f}"
        table.add_row(
            Text(student_view.to_single_line(grade.submission)),
            grade.lab,
            student_view.format_score(grade.score),
            seconds,
            note,
        )
    out.print(table)
    _show_pairs(grades, pairs)


def _show_pairs(grades: Sequence[Grade], pairs: Sequence[SimilarPair]) -> None:
    out = _console.get_stdout()
    if pairs:
        out.print(Text(f"\nSubmissions that resemble each other. {student_view.SIMILARITY_NOTE}", style="dim"))
    for pair in pairs[:_MOST_PAIRS]:
        names = (student_view.to_single_line(grades[place].submission) for place in (pair.first, pair.second))
        out.print(Text.assemble(f"  {' and '.join(names)}", (f"  {student_view.format_similarity(pair)}", "yellow")))
        for line in pair.lines[:_MOST_LINES]:
            out.print(
                Text(f"      {student_view.to_single_line(line)}", style="dim"), no_wrap=True, overflow="ellipsis"
            )
    if len(pairs) > _MOST_PAIRS:
        out.print(f"  and {len(pairs) - _MOST_PAIRS} more pairs, in the reports 'json' and 'pages'")


def print_audit(told: Mapping[str, Sequence[str]]) -> None:
    """Print for each submission of a report whether its grade is as it was."""
    out = _console.get_stdout()
    out.print()
    for name, differences in told.items():
        sign, style = ("✗", "red") if differences else ("✓", "green")
        out.print(
            Text.assemble(
                (f"{sign} ", style),
                f"{student_view.to_single_line(name)}: {'not as it was' if differences else 'as it was'}",
            )
        )
        for one in differences:
            out.print(Text(f"    {student_view.to_single_line(one)}"))


def _show_one(grade: Grade) -> None:
    out = _console.get_stdout()
    if student_view.describe_values(grade):
        out.print(Text(student_view.describe_values(grade)))
    for problem in grade.problems:
        out.print(Text(student_view.to_single_line(problem), style="yellow"))
    for run in grade.runs:
        if run.complaint:
            out.print(
                Text.assemble(
                    (f"submission.md:{run.line}: ", "dim"),
                    student_view.to_single_line(student_view.describe_block_problem(run)),
                )
            )
            for line in student_view.replace_unsafe_chars(run.output).splitlines()[-5:]:
                out.print(Text(f"  | {line}", style="dim"))
    for step, marks in grade.marks_by_step.items():
        out.print(
            Text.assemble(
                (student_view.to_single_line(grade.titles.get(step, "Hidden checks")), "bold"),
                f"  {student_view.format_score(sum_points(marks))}",
            )
        )
        for mark in marks:
            _show_mark(mark)
    out.print()
    out.print(_verdict(grade))


def _show_mark(mark: Mark) -> None:
    sign, style = OUTCOME_SYMBOLS[mark.outcome]
    out = _console.get_stdout()
    bonus = "bonus, " if mark.bonus else ""
    worth = "" if mark.points == 1 and not mark.bonus else f" ({bonus}{student_view.format_points(mark.points)})"
    out.print(Text.assemble((f"  {sign}", style), " ", mark.says, (worth, "dim")))
    if mark.outcome is not Outcome.PASSED and mark.text:
        out.print(
            Text(
                f"      {student_view.to_single_line(student_view.describe_result(mark))}",
                style="dim" if mark.outcome is Outcome.SKIPPED else "",
            )
        )
        if mark.see:
            out.print(Text.assemble(("      see it    ", "dim"), (student_view.to_single_line(mark.see), "cyan")))
