"""Print the parts of a lesson: prose, commands, pictures and hints."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.cli import _console
from runner.lessons.model import Command, Hint, LessonPart, Picture, PictureService, Prose
from runner.nodes.topology import Topology

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_lesson_parts(parts: Iterable[LessonPart], topology: Topology) -> None:
    """Print prose, commands and pictures, but no hints."""
    from runner.lessons.terminal_markdown import LessonMarkdown

    console = _console.get_stdout()
    for part in parts:
        if isinstance(part, Prose):
            # Also wrapped in a pipe, because rich crops indented text that is not wrapped.
            console.print(LessonMarkdown(part.text), soft_wrap=False)
            console.print()
        elif isinstance(part, Command):
            _print_command(part)
        elif isinstance(part, Picture):
            console.print(render_picture_table(part, topology), soft_wrap=False)


def print_hint(hint: Hint) -> None:
    """Print the text of a hint."""
    from rich.padding import Padding

    from runner.lessons.terminal_markdown import LessonMarkdown

    padded = Padding(LessonMarkdown(hint.text), (0, 0, 1, 2))
    _console.get_stdout().print(padded, soft_wrap=False)


def _print_command(block: Command) -> None:
    from rich.syntax import Syntax
    from rich.text import Text

    console = _console.get_stdout()
    console.print(Text.assemble(("── on ", "dim"), (", ".join(block.nodes), "bold magenta"), (" ──", "dim")))
    # Not indented and not wrapped, so that what is copied with a mouse can be pasted: a here-document, for example,
    # only ends where its last line has no indentation.
    code = Syntax("", "bash", theme="ansi_dark", background_color="default").highlight(block.script)
    console.print(code, soft_wrap=True, end="")
    if block.expected_output:
        console.print(Text(textwrap.indent("\n".join(block.expected_output), "  "), style="dim"))
    console.print()


def render_picture_table(picture: Picture, topology: Topology) -> RenderableType:
    """Return a table with a column per node, which lists what runs there, and a legend of the services."""
    from rich import box
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED, border_style="dim")
    # Roles mean nothing before there is a swarm, or in a swarm of one node.
    has_roles = picture.is_swarm and len(topology.nodes) > 1
    for node in topology.nodes:
        role = f" {node.role}" if has_roles else ""
        table.add_column(Text.assemble((node.name, "bold magenta"), (role, "dim")))
    cells = ["\n".join(_list_tasks(node.name, picture.services)) for node in topology.nodes]
    table.add_row(*map(Text, cells))
    legend = [line for service in picture.services if (line := _describe_service(service))]
    return Padding(Group(table, *(Text(line, style="dim") for line in legend)), (0, 0, 1, 2))


def _list_tasks(node: str, services: tuple[PictureService, ...]) -> list[str]:
    counts = ((service.name, Counter(service.tasks)[node]) for service in services)
    return [f"{name} x{count}" if count > 1 else name for name, count in counts if count]


def _describe_service(service: PictureService) -> str:
    facts = {"on the network": service.networks, "publishes": service.ports, "keeps its data in": service.volumes}
    phrases = [f"{phrase} {', '.join(values)}" for phrase, values in facts.items() if values]
    return f"{service.name}: {'; '.join(phrases)}" if phrases else ""
