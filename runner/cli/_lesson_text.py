"""Shows what a lesson is made of: prose, commands, pictures and hints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from runner.cli import _console, _picture
from runner.lessons.model import Command, Hint, Part, Picture, Prose, Topology


def show(parts: Iterable[Part], topology: Topology) -> None:
    """Print prose, commands and pictures, and leave the hints out."""
    from rich.markdown import Markdown

    out = _console.out()
    for part in parts:
        if isinstance(part, Prose):
            # Wrapped in pipes too: rich cuts what is indented where lines may be of any length.
            out.print(Markdown(part.text, hyperlinks=False), soft_wrap=False)
            out.print()
        elif isinstance(part, Command):
            _show_command(part)
        elif isinstance(part, Picture):
            out.print(_picture.draw(part, topology), soft_wrap=False)


def show_hint(hint: Hint) -> None:
    """Print what a hint says."""
    from rich.markdown import Markdown
    from rich.padding import Padding

    _console.out().print(Padding(Markdown(hint.text, hyperlinks=False), (0, 0, 1, 2)), soft_wrap=False)


def _show_command(block: Command) -> None:
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
