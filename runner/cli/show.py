"""`labs show`."""

from __future__ import annotations

import contextlib
import os

import click

from runner.cli import _console, _lesson_text, _options, _resolve
from runner.lessons.model import Lab, Step


@click.command("show")
@_options.lab_and_step_arguments
def command(lab: str | None, step: str | None) -> int:
    """Read the lesson in the terminal, or one step of it.

    With one lab started its name can be left out.

    \b
    Examples:
      labs show swarm-basics
      labs show swarm-basics join-workers
      labs show join-workers
    """
    found, wanted = _resolve.lab_and_step(lab, step, "labs show")
    out = _console.out()
    # The whole lesson is longer than any screen; `less` is told to let the colours through.
    os.environ.setdefault("LESS", "-R")
    paged = out.is_terminal and wanted is None
    with out.pager(styles=not out.no_color) if paged else contextlib.nullcontext():
        _show_lesson(found, wanted)
    return 0


def _show_lesson(lab: Lab, wanted: Step | None) -> None:
    from rich.markup import escape

    out = _console.out()
    if wanted is None:
        title, summary = escape(lab.lesson.title), escape(lab.lesson.summary)
        out.print(f"\n[bold underline]{title}[/]\n[dim]{summary}[/]\n")
        _lesson_text.show(lab.lesson.intro, lab.lesson.topology)
    for step in [wanted] if wanted else lab.lesson.steps:
        out.print(f"\n[bold cyan]{escape(step.title)}[/]  [dim]{step.id}[/]\n")
        _lesson_text.show(step.parts, lab.lesson.topology)
        if step.hints:
            out.print(f"[dim]Stuck? labs hint {lab.name} {step.id}[/]")
