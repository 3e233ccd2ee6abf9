"""`labs list`."""

from __future__ import annotations

import click

from runner import paths
from runner.cli import _console
from runner.errors import BrokenLabError, ExitCode
from runner.lessons import catalog


@click.command("list")
def command() -> int:
    """Show the labs there are.

    \b
    Examples:
      labs list
      labs start swarm-basics
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 3, 0, 0))
    for heading in ("LAB", "LEVEL", "MINUTES", "NODES", "ABOUT"):
        table.add_column(heading)
    code = ExitCode.DONE
    broken: list[str] = []
    names = catalog.names()
    if not names:
        _console.out().print(f"There is no lab in {paths.labs_folder()}. 'labs new NAME' makes one.", soft_wrap=True)
        return code
    for name in names:
        try:
            lesson = catalog.load(name).lesson
        except BrokenLabError as error:
            code = error.exit_code
            broken.append(error.message)
            table.add_row(name, "", "", "", "[red]cannot be read, see below[/]")
            continue
        nodes = str(len(lesson.topology.nodes))
        table.add_row(f"[bold]{name}[/]", lesson.level, str(lesson.minutes), nodes, escape(lesson.summary))
    _console.out().print(table)
    for message in broken:
        _console.err().print(message, style="red", soft_wrap=True, markup=False)
    return code
