"""`labs show`."""

from __future__ import annotations

import contextlib
import os

import click

from runner.cli import _console, _lesson_text, _options, _progress
from runner.lessons.model import Lab, Step


@click.command("show")
@_options.lab_and_step_arguments
def command(lab: str | None, step: str | None) -> int:
    """Read the lesson in the terminal, or one step of it.

    You can leave out LAB if only one lab is started.

    \b
    Examples:
      labs show swarm-basics
      labs show swarm-basics join-workers
      labs show join-workers
    """
    selected_lab, named_step = _progress.create_session().resolve_lab_and_step(lab, step, "labs show")
    console = _console.get_stdout()
    # A complete lesson is longer than any screen; -R makes `less` pass colours through.
    os.environ.setdefault("LESS", "-R")
    is_paged = console.is_terminal and named_step is None
    with _console.page_stdout() if is_paged else contextlib.nullcontext():
        _print_lesson(selected_lab, named_step)
    return 0


def _print_lesson(lab: Lab, named_step: Step | None) -> None:
    from rich.text import Text

    console = _console.get_stdout()
    if named_step is None:
        title, summary = (lab.lesson.title, "bold underline"), (lab.lesson.summary, "dim")
        console.print(Text.assemble("\n", title, "\n", summary, "\n"))
        _lesson_text.print_lesson_parts(lab.lesson.intro, lab.lesson.topology)
    for step in [named_step] if named_step else lab.lesson.steps:
        console.print(Text.assemble("\n", (step.title, "bold cyan"), (f"  {step.id}", "dim"), "\n"))
        _lesson_text.print_lesson_parts(step.parts, lab.lesson.topology)
        if step.hints:
            console.print(f"[dim]Stuck? labs hint {lab.name} {step.id}[/]")
