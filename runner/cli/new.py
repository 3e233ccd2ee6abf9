"""`labs new`."""

from __future__ import annotations

import os

import click
from click.core import ParameterSource

from runner.cli import _console
from runner.errors import ExitCode


@click.command("new")
@click.argument("name")
@click.pass_context
def command(ctx: click.Context, name: str) -> int:
    """Make a lab of your own: a lesson, its checks, near misses and a solution, small and already right.

    It goes where the labs are: into the folder that --labs or LABS_ROOT names, or into the checkout you work in.
    Nothing is ever overwritten.

    \b
    Examples:
      labs new rolling-updates
      labs --labs ~/my-labs new rolling-updates
    """
    from runner.lessons import scaffold

    written = scaffold.make(name)
    out = _console.out()
    out.print(f"[bold green]'{name}' is made:[/]")
    for path in written:
        out.print(f"  {path}", markup=False)
    out.print("Make it yours, and let labs look at it:")
    if ctx.find_root().get_parameter_source("labs") is ParameterSource.COMMANDLINE:
        out.print(f"  export LABS_ROOT={os.environ['LABS_ROOT']}", markup=False, soft_wrap=True)
    out.print(f"  labs lint {name:<14}   what can be told at once")
    out.print(f"  labs verify {name:<14} the rest, on real nodes")
    return ExitCode.DONE
