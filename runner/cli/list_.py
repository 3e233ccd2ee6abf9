"""`labs list`."""

from __future__ import annotations

import json
from typing import Any

import click

from runner import __version__, paths
from runner.cli import _console, _progress
from runner.errors import BrokenLabError, ExitCode
from runner.lessons import catalog
from runner.lessons.model import Lab

_FORMAT = "labs-list/1"
_HEADINGS = ("LAB", "PASSED", "LEVEL", "MINUTES", "NODES", "AFTER")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the labs as JSON, without your progress.")
def command(as_json: bool) -> int:
    """List labs and your progress, and which labs to do before each.

    \b
    Examples:
      labs list
      labs list --json | jq '[.labs[].name]'
    """
    names = catalog.list_lab_names_in_prerequisite_order()
    return _print_json(names) if as_json else _print_list(names)


def _print_json(names: list[str]) -> int:
    """Print the labs as JSON, for example for the matrix of a CI workflow."""
    labs, broken = list[dict[str, Any]](), list[dict[str, str]]()
    for name in names:
        try:
            labs.append(_build_json_entry(catalog.load_lab(name)))
        except BrokenLabError as error:
            broken.append({"name": name, "problem": error.message})
    data = {"format": _FORMAT, "version": __version__, "labs": labs, "broken": broken}
    click.echo(json.dumps(data, indent=2))
    return ExitCode.BROKEN_LAB if broken else ExitCode.DONE


def _build_json_entry(lab: Lab) -> dict[str, Any]:
    lesson = lab.lesson
    return {
        "name": lab.name,
        "title": lesson.title,
        "summary": lesson.summary,
        "level": lesson.level,
        "minutes": lesson.minutes,
        "after": list(lesson.prerequisites),
        "needs": sorted(lesson.needs),
        "nodes": [{"name": node.name, "role": node.role.value} for node in lesson.topology.nodes],
        "images": list(lesson.images),
        "steps": [{"id": step.id, "title": step.title} for step in lesson.steps],
    }


def _print_list(names: list[str]) -> int:
    exit_code = ExitCode.DONE
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
