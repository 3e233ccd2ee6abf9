"""`labs list`."""

from __future__ import annotations

import click

from runner.cli import _console, _learning
from runner.errors import BrokenLabError, ExitCode
from runner.lessons import catalog
from runner.lessons.model import Lab


@click.command("list")
def command() -> int:
    """Show the labs there are, how many steps of each you have passed, and which labs come before it.

    \b
    Examples:
      labs list
      labs start swarm-basics
    """
    from rich.table import Table

    table = Table(box=None, padding=(0, 3, 0, 0))
    for heading in ("LAB", "PASSED", "LEVEL", "MINUTES", "NODES", "ABOUT"):
        table.add_column(heading)
    code = ExitCode.DONE
    broken: list[str] = []
    for name in catalog.in_order():
        try:
            table.add_row(*_row(catalog.load(name)))
        except BrokenLabError as error:
            code = error.exit_code
            broken.append(error.message)
            table.add_row(name, "", "", "", "", "[red]cannot be read, see below[/]")
    _console.out().print(table)
    for message in broken:
        _console.err().print(message, style="red", soft_wrap=True, markup=False)
    return code


def _row(lab: Lab) -> tuple[str, ...]:
    from rich.markup import escape

    lesson = lab.lesson
    total = len(lesson.steps)
    passed = _learning.load(lab.name).passed(lesson)
    bar = _learning.bar(passed, total)
    return (
        f"[bold]{lab.name}[/]",
        f"[green]{bar}[/]" if passed == total else bar,
        lesson.level,
        str(lesson.minutes),
        str(len(lesson.topology.nodes)),
        escape(lesson.summary) + (f"\n[dim]after {', '.join(lesson.after)}[/]" if lesson.after else ""),
    )
