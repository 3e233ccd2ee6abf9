"""Shows what a lesson is made of: prose, commands, pictures and hints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from runner.cli import _console, _picture
from runner.lessons.model import Command, Hint, Part, Picture, Prose
from runner.nodes.topology import Topology


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
    from rich.syntax import Syntax
    from rich.text import Text

    out = _console.out()
    out.print(Text.assemble(("── on ", "dim"), (", ".join(block.nodes), "bold magenta"), (" ──", "dim")))
    # At the margin, and broken by nobody but the terminal, so that what is copied with a mouse is what has to be typed:
    # a here-document, for one, ends only where nothing stands before its last line.
    code = Syntax("", "bash", theme="ansi_dark", background_color="default").highlight(block.script)
    out.print(code, soft_wrap=True, end="")
    if block.output:
        out.print(Text(textwrap.indent("\n".join(block.output), "  "), style="dim"))
    out.print()
