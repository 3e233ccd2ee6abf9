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
    """Show the labs there are, how many steps you have passed, and which labs come before each.

    \b
    Examples:
      labs list
      labs start swarm-basics
    """
    code = ExitCode.DONE
    names = catalog.list_names_by_prerequisite()
    if not names:
        said = f"There is no lab in {paths.labs_folder()}. 'labs new NAME' makes one."
        _console.get_stdout().print(said, soft_wrap=True, markup=False)
        return code
    problems: list[str] = []
    found: list[tuple[tuple[str, ...], str]] = []
    for name in names:
        try:
            lab = catalog.load_lab(name)
            found.append((_row(lab), lab.lesson.summary))
        except BrokenLabError as error:
            code = error.exit_code
            problems.append(error.message)
            found.append(((name,), "It cannot be read, see below."))
    _show(found)
    for message in problems:
        _console.get_stderr().print(message, style="red", soft_wrap=True, markup=False)
    return code


def _row(lab: Lab) -> tuple[str, ...]:
    lesson = lab.lesson
    bar = _progress.format_bar(_progress.load_progress(lab.name).count_passed(lesson), len(lesson.steps))
    nodes = str(len(lesson.topology.nodes))
    return lab.name, bar, lesson.level, str(lesson.minutes), nodes, ", ".join(lesson.prerequisites)


def _show(found: list[tuple[tuple[str, ...], str]]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = _console.get_stdout()
    rows = [_HEADINGS, *(row for row, _ in found)]
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(len(_HEADINGS))]
    out.print(Text(_line(_HEADINGS, widths)), no_wrap=True)
    for row, about in found:
        line = Text(_line(row, widths))
        line.stylize("bold", 0, len(row[0]))
        out.print(line, no_wrap=True)
        # Wrapped in pipes too, since what is indented is cut where lines may be of any length.
        out.print(Padding(Text(about), (0, 0, 0, 2)), soft_wrap=False)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    return "   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)).rstrip()
