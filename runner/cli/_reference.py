"""The reference of all commands, as Markdown for the documentation."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

import click

from runner import paths
from runner.cli import _check_reference, bundle

_PARAGRAPH_MARK = "\b"
_SPECIAL_CHARS = re.compile(r"([\\*_\[\]<>|`])")


def render_generated_docs() -> dict[str, str] | None:
    """Return the generated texts of the documentation, by name; None if the site does not contain documentation.

    A site of other labs than the built-in ones contains only their lessons: its readers do not write or grade labs.
    """
    if not paths.uses_built_in_labs():
        return None
    return {"cli": render_cli_reference(), "snapshots": _check_reference.render_snapshot_reference()}


def render_cli_reference() -> str:
    """Return a section for each command: its usage, what it does, its options and examples."""
    from runner.cli import cli

    context = click.Context(cli, info_name="labs")
    lines = ["## labs", "", *_render_command(context)]
    for command_context in _walk_commands(context):
        lines += [f"## {command_context.command_path}", "", *_render_command(command_context)]
    return "\n".join(lines)


def _walk_commands(parent: click.Context) -> Iterator[click.Context]:
    group = parent.command
    if isinstance(group, click.Group):
        for name in group.list_commands(parent):
            command = group.get_command(parent, name)
            if command is not None:
                context = click.Context(command, info_name=name, parent=parent)
                yield context
                yield from _walk_commands(context)
    elif isinstance(group, bundle.GradeOrBundleCommand):
        yield click.Context(bundle.command, info_name=f"{parent.info_name} {bundle.command.name}", parent=parent.parent)


def _render_command(context: click.Context) -> Iterator[str]:
    command = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ("```text", f"{context.command_path} {usage}", "```", "")
    yield from _render_help(command.help or "")
    records = [param.get_help_record(context) for param in command.params]
    rows = [record for record in records if record and record[1]]
    if rows:
        yield from ("| option | meaning |", "|---|---|")
        yield from (f"| `{options.replace('|', chr(92) + '|')}` | {_escape(text)} |" for options, text in rows)
        yield ""
    epilog = command.epilog or ""
    if epilog:
        yield from _render_help(epilog)


def _render_help(text: str) -> Iterator[str]:
    """Convert a help text: a paragraph after `\\b` is a title and preformatted lines."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith(_PARAGRAPH_MARK):
            first, *lines = paragraph.removeprefix(_PARAGRAPH_MARK).strip("\n").split("\n")
            yield from (_escape(first), "", "```text", textwrap.dedent("\n".join(lines)), "```", "")
        else:
            yield from (_escape(" ".join(paragraph.split())), "")


def _escape(text: str) -> str:
    return _SPECIAL_CHARS.sub(r"\\\1", text)
