"""`labs completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print a shell's completion script, which completes commands, labs, steps and nodes.

    \b
    Examples:
      eval "$(labs completion bash)"                                  in this terminal
      labs completion fish > ~/.config/fish/completions/labs.fish     permanently
    """
    completion_class = get_completion_class(shell)
    assert completion_class is not None
    root = ctx.find_root()
    click.echo(completion_class(root.command, {}, "labs", "_LABS_COMPLETE").source())
    return 0
