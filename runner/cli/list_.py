"""`labs list`."""

from __future__ import annotations

import click

from runner import paths
from runner.cli import _console, _progress
from runner.errors import BrokenLabError, ExitCode
from runner.lessons import catalog
from runner.lessons.model import Lab

_HEADINGS = ("LAB", "PASSED", "LEVEL", "MINUTES", "NODES", "AFTER")


@click.command("list")
def command() -> int:
    """List labs and your progress, and which labs to do before each.

    \b
    Examples:
      labs list
      labs start swarm-basics
    """
    exit_code = ExitCode.DONE
    names = catalog.list_lab_names_in_prerequisite_order()
    if not names:
        line = f"There is no lab in {paths.labs_folder()}. 'labs new NAME' creates one."
        _console.get_stdout().print(line, soft_wrap=True, markup=False)
        return exit_code
    problems: list[str] = []
    entries: list[tuple[tuple[str, ...], str]] = []
    for name in names:
        try:
            lab = catalog.load_lab(name)
            entries.append((_build_row(lab), lab.lesson.summary))
        except BrokenLabError as error:
            exit_code = error.exit_code
            problems.append(error.message)
            entries.append(((name,), "Broken: see the problems below."))
    _print_table(entries)
    for message in problems:
        _console.get_stderr().print(message, style="red", soft_wrap=True, markup=False)
    return exit_code


def _build_row(lab: Lab) -> tuple[str, ...]:
    lesson = lab.lesson
    bar = _progress.format_progress_bar(_progress.load_progress(lab.name).count_passed_steps(lesson), len(lesson.steps))
    nodes = str(len(lesson.topology.nodes))
    return lab.name, bar, lesson.level, str(lesson.minutes), nodes, ", ".join(lesson.prerequisites)


def _print_table(entries: list[tuple[tuple[str, ...], str]]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console = _console.get_stdout()
    rows = [_HEADINGS, *(row for row, _ in entries)]
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(len(_HEADINGS))]
    console.print(Text(_format_row(_HEADINGS, widths)), no_wrap=True)
    for row, summary in entries:
        line = Text(_format_row(row, widths))
        line.stylize("bold", 0, len(row[0]))
        console.print(line, no_wrap=True)
        # Also wrapped in a pipe, because rich crops indented text that is not wrapped.
        console.print(Padding(Text(summary), (0, 0, 0, 2)), soft_wrap=False)


def _format_row(row: tuple[str, ...], widths: list[int]) -> str:
    return "   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)).rstrip()
