"""`labs show`."""

from __future__ import annotations

import contextlib
import os
import textwrap

import click

from runner import suggest
from runner.cli import _console, _options, _picture
from runner.clusters import find
from runner.errors import LabsError, UsageError
from runner.lessons import catalog
from runner.lessons.model import Command, Hint, Lab, Part, Picture, Prose, Step, Topology


@click.command("show")
@click.argument("lab", type=_options.LAB, required=False)
@click.argument("step", type=_options.STEP, required=False)
@click.option("--hints", type=click.IntRange(0), default=0, metavar="N", help="Show the first N hints of each step.")
def command(lab: str | None, step: str | None, hints: int) -> int:
    """Read the lesson in the terminal, or one step of it.

    With one lab started its name can be left out.

    \b
    Examples:
      labs show swarm-basics
      labs show swarm-basics join-workers
      labs show join-workers --hints 1
    """
    found, wanted = _what(lab, step)
    out = _console.out()
    # The whole lesson is longer than any screen; `less` is told to let the colours through.
    os.environ.setdefault("LESS", "-R")
    paged = out.is_terminal and wanted is None
    with out.pager(styles=not out.no_color) if paged else contextlib.nullcontext():
        _print_lesson(found, wanted, hints)
    return 0


def _print_lesson(found: Lab, wanted: Step | None, hints: int) -> None:
    from rich.markup import escape

    out = _console.out()
    if wanted is None:
        title, summary = escape(found.lesson.title), escape(found.lesson.summary)
        out.print(f"\n[bold underline]{title}[/]\n[dim]{summary}[/]\n")
        _print_parts(found.lesson.intro, found.lesson.topology, hints)
    for one in [wanted] if wanted else found.lesson.steps:
        out.print(f"\n[bold cyan]{escape(one.title)}[/]  [dim]{one.id}[/]\n")
        _print_parts(one.parts, found.lesson.topology, hints)


def _what(lab: str | None, step: str | None) -> tuple[Lab, Step | None]:
    if lab is not None and step is None and lab not in catalog.names():
        # A single word may name a step of the lab that is started.
        try:
            started = catalog.load(find.the_cluster(None).id.lab)
        except LabsError:
            raise catalog.unknown(lab) from None
        lab, step = started.name, lab
    found = catalog.load(lab or _started())
    if step is None:
        return found, None
    wanted = found.lesson.step(step)
    if wanted is None:
        known = [*(one.id for one in found.lesson.steps), *catalog.names()]
        raise suggest.unknown("step", step, known, f"labs show {found.name}")
    return found, wanted


def _started() -> str:
    try:
        return find.the_cluster(None).id.lab
    except UsageError as error:
        raise UsageError(error.message, "Say which lesson: 'labs show LAB'. 'labs list' shows the labs.") from None


def _print_parts(parts: tuple[Part, ...], topology: Topology, hints: int) -> None:
    from rich.markdown import Markdown
    from rich.padding import Padding

    out = _console.out()
    tiers = [part for part in parts if isinstance(part, Hint)]
    for part in parts:
        if isinstance(part, Prose):
            # Wrapped in pipes too: rich cuts what is indented where lines may be of any length.
            out.print(Markdown(part.text, hyperlinks=False), soft_wrap=False)
            out.print()
        elif isinstance(part, Command):
            _print_command(part)
        elif isinstance(part, Picture):
            out.print(_picture.draw(part, topology), soft_wrap=False)
    for number, hint in enumerate(tiers[:hints], 1):
        out.print(f"[yellow]Hint {number}[/]")
        out.print(Padding(Markdown(hint.text, hyperlinks=False), (0, 0, 1, 2)), soft_wrap=False)
    if len(tiers) > hints:
        out.print(f"[dim]Stuck? Add --hints {hints + 1} ({len(tiers)} in all).[/]")


def _print_command(block: Command) -> None:
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text

    out = _console.out()
    out.print(Text.assemble(("  on ", "dim"), (", ".join(block.nodes), "bold magenta")))
    if out.is_terminal:
        code = Syntax(block.script, "bash", theme="ansi_dark", background_color="default", word_wrap=True)
        out.print(Padding(code, (0, 0, 0, 4)))
    else:
        # A file or a pipe has no width that a command may be cut at.
        out.print(Text(_indented(block.script, 4)))
    if block.output:
        out.print(Text(_indented("\n".join(block.output), 6), style="dim"))
    out.print()


def _indented(text: str, columns: int) -> str:
    return textwrap.indent(text, " " * columns)
