"""`labs completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script for a shell: commands, labs and nodes.

    \b
    Examples:
      eval "$(labs completion bash)"                                  for this terminal
      labs completion fish > ~/.config/fish/completions/labs.fish     for good
    """
    made = get_completion_class(shell)
    assert made is not None
    root = ctx.find_root()
    click.echo(made(root.command, {}, "labs", "_LABS_COMPLETE").source())
    return 0
