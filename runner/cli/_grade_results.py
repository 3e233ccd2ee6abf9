"""Show the progress of grading, and print the grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.checking.result_text import OUTCOME_SYMBOLS
from runner.checking.results import Outcome
from runner.cli import _console
from runner.cli._console import LiveJobLines
from runner.grading.classes.class_statistics import compute_statistics, describe_lab_statistics
from runner.grading.classes.manual_points import NOT_MARKED
from runner.grading.grade_model import Grade, Mark, compute_score
from runner.grading.job import Job
from runner.grading.reports import report_texts
from runner.grading.similarity import SimilarPair

_NAME_WIDTH = 24
_MAX_PAIRS, _MAX_LINES_PER_PAIR, _MAX_OUTPUT_LINES = 10, 2, 5


class GradingDisplay(Protocol):
    """Shows the status of grading jobs, and their grades."""

    def show_status(self, job: Job, line: str) -> None:
        """Show what happens to a job now."""
        ...

    def show_grade(self, job: Job, grade: Grade) -> None:
        """Show that a job is done, and its grade."""
        ...


@contextmanager
def open_grading_display() -> Iterator[GradingDisplay]:
    """Provide a display while the block runs: live on a terminal, and one line per grade elsewhere."""
    if not _console.get_stderr().is_terminal:
        yield _LogDisplay()
        return
    lines = LiveJobLines(_NAME_WIDTH)
    with Live(lines, console=_console.get_stderr(), refresh_per_second=4, transient=True):
        yield _LiveDisplay(lines)


class _LogDisplay:
    def show_status(self, job: Job, line: str) -> None:
        """Show nothing: status lines would make the log of a hundred submissions unreadable."""

    def show_grade(self, job: Job, grade: Grade) -> None:
        _console.get_stderr().print(_format_line(job, grade), soft_wrap=True)


class _LiveDisplay:
    def __init__(self, lines: LiveJobLines) -> None:
        self._lines = lines

    def show_status(self, job: Job, line: str) -> None:
        self._lines.set_line(job.submission_name, line)

    def show_grade(self, job: Job, grade: Grade) -> None:
        self._lines.remove_line(job.submission_name)
        _console.get_stderr().print(_format_line(job, grade), soft_wrap=True)


def _format_line(job: Job, grade: Grade) -> Text:
    # The tick means only that the grading has finished, so the line says so: the submission may have no points.
    symbol, style = ("✓ Graded ", "green") if grade.is_complete else ("! ", "yellow")
    name, seconds = report_texts.sanitize_to_one_line(job.submission_name), (f"  {grade.seconds:.0f} s", "dim")
    return Text.assemble((symbol, style), f"{name}: ", _format_verdict(grade), seconds)


def _format_verdict(grade: Grade) -> Text:
    problem = Text(report_texts.sanitize_to_one_line(report_texts.describe_incomplete_grade(grade)), style="yellow")
    if grade.trouble:
        return problem
    score = Text(f"{report_texts.format_score(grade.score)} points", style="bold")
    return score if grade.is_complete else Text.assemble(score, "; ", problem)


def print_grades(grades: Sequence[Grade], pairs: Sequence[SimilarPair] = ()) -> None:
    """Print a single grade with all its checks, as its student may see it, or several grades as a table."""
    if len(grades) == 1:
        _print_grade(report_texts.redact_hidden_checks(grades[0]))
        return
    _print_class(grades, pairs)


def _print_class(grades: Sequence[Grade], pairs: Sequence[SimilarPair]) -> None:
    console = _console.get_stdout()
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("SUBMISSION", "LAB", "POINTS", "SECONDS", ""):
        table.add_column(heading, justify="right" if heading in ("POINTS", "SECONDS") else "left")
    for grade in grades:
        name, score = report_texts.sanitize_to_one_line(grade.submission), report_texts.format_score(grade.score)
        problem = report_texts.sanitize_to_one_line(report_texts.describe_incomplete_grade(grade))
        count = len(grade.problems)
        problem_count = f"{count} problem{'' if count == 1 else 's'} in the submission, see its report" if count else ""
        remark = "; ".join(filter(None, [problem, problem_count, *_list_table_remarks(grade)]))
        table.add_row(Text(name), grade.lab, score, f"{grade.seconds:.0f}", Text(remark, style="yellow"))
    console.print(table)
    _print_unmarked_items(grades)
    _print_statistics(grades)
    _print_similar_pairs(grades, pairs)


def _list_table_remarks(grade: Grade) -> list[str]:
    # What is not marked yet would fill the table; a line below it counts it.
    marked = tuple(adjustment for adjustment in grade.adjustments if adjustment.comment != NOT_MARKED)
    return report_texts.list_remarks(replace(grade, adjustments=marked))


def _print_unmarked_items(grades: Sequence[Grade]) -> None:
    adjustments = [adjustment for grade in grades for adjustment in grade.adjustments]
    counts = Counter(adjustment.item for adjustment in adjustments if adjustment.comment == NOT_MARKED)
    for item, count in counts.items():
        text = f"{count} of {len(grades)} have no manual points for '{item}' yet"
        _console.get_stdout().print(Text(report_texts.sanitize_to_one_line(text), style="yellow"))


def _print_statistics(grades: Sequence[Grade]) -> None:
    console = _console.get_stdout()
    for lab in compute_statistics(grades):
        console.print(Text.assemble((f"\n{lab.lab}", "bold"), f"  {describe_lab_statistics(lab)}"))
        for step in lab.steps:
            points = f"{report_texts.format_points(step.mean)} of {report_texts.format_points(step.possible)}"
            title = report_texts.sanitize_to_one_line(step.title)
            console.print(Text.assemble(f"  {title}  ", (f"mean {points} points", "dim")))
            for check in lab.checks:
                if check.step == step.step and check.passed < lab.submissions:
                    says = report_texts.sanitize_to_one_line(check.says)
                    console.print(Text(f"    {check.passed} of {lab.submissions} passed: {says}", style="dim"))


def _print_similar_pairs(grades: Sequence[Grade], pairs: Sequence[SimilarPair]) -> None:
    console = _console.get_stdout()
    if pairs:
        console.print(Text(f"\nSimilar submissions. {report_texts.SIMILARITY_NOTE}", style="dim"))
    for pair in pairs[:_MAX_PAIRS]:
        names = (report_texts.sanitize_to_one_line(grades[index].submission) for index in (pair.first, pair.second))
        similarity = report_texts.format_similarity(pair)
        console.print(Text.assemble(f"  {' and '.join(names)}", (f"  {similarity}", "yellow")))
        for line in pair.lines[:_MAX_LINES_PER_PAIR]:
            text = Text(f"      {report_texts.sanitize_to_one_line(line)}", style="dim")
            console.print(text, no_wrap=True, overflow="ellipsis")
    if len(pairs) > _MAX_PAIRS:
        console.print(f"  and {len(pairs) - _MAX_PAIRS} more pairs, in the reports 'json' and 'pages'")


def print_grade_changes(differences_by_name: Mapping[str, Sequence[str]]) -> None:
    """Print, for each submission of an earlier report, whether its grade has changed and how."""
    console = _console.get_stdout()
    console.print()
    for name, differences in differences_by_name.items():
        symbol, style = ("✗", "red") if differences else ("✓", "green")
        verdict = "changed" if differences else "unchanged"
        console.print(Text.assemble((f"{symbol} ", style), f"{report_texts.sanitize_to_one_line(name)}: {verdict}"))
        for difference in differences:
            console.print(Text(f"    {report_texts.sanitize_to_one_line(difference)}"))


def _print_grade(grade: Grade) -> None:
    console = _console.get_stdout()
    if values := report_texts.describe_learner_values(grade):
        console.print(Text(values))
    for text in (*report_texts.list_remarks(grade), *grade.problems):
        console.print(Text(report_texts.sanitize_to_one_line(text), style="yellow"))
    for run in grade.runs:
        if run.complaint:
            problem = report_texts.sanitize_to_one_line(report_texts.describe_block_problem(run))
            console.print(Text.assemble((f"submission.md:{run.line}: ", "dim"), problem))
            for line in report_texts.replace_unsafe_chars(run.output).splitlines()[-_MAX_OUTPUT_LINES:]:
                console.print(Text(f"  | {line}", style="dim"))
    for step, marks in grade.marks_by_step.items():
        title = report_texts.sanitize_to_one_line(grade.titles.get(step, "Hidden checks"))
        console.print(Text.assemble((title, "bold"), f"  {report_texts.format_score(compute_score(marks))}"))
        for mark in marks:
            _print_mark(mark)
    console.print()
    console.print(_format_verdict(grade))


def _print_mark(mark: Mark) -> None:
    console = _console.get_stdout()
    symbol, style = OUTCOME_SYMBOLS[mark.outcome]
    bonus = "bonus, " if mark.bonus else ""
    points = "" if mark.points == 1 and not mark.bonus else f" ({bonus}{report_texts.format_points(mark.points)})"
    console.print(Text.assemble((f"  {symbol}", style), " ", mark.says, (points, "dim")))
    if mark.outcome is not Outcome.PASSED and mark.text:
        detail = report_texts.sanitize_to_one_line(report_texts.explain_unpassed_mark(mark))
        console.print(Text(f"      {detail}", style="dim" if mark.outcome is Outcome.SKIPPED else ""))
        if mark.see:
            console.print(
                Text.assemble(("      see it    ", "dim"), (report_texts.sanitize_to_one_line(mark.see), "cyan"))
            )
