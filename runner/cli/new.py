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
    """Create a small, working lab to start from: lesson, checks, a solution, and near misses (wrong answers to reject).

    The lab goes into the folder that --labs or LABS_ROOT names, or else into your checkout of this project. Existing
    files are never overwritten.

    \b
    Examples:
      labs new rolling-updates
      labs --labs ~/my-labs new rolling-updates
    """
    from runner.lessons import scaffold

    files = scaffold.create_lab(name)
    console = _console.get_stdout()
    console.print(f"[bold green]Created {name}:[/]")
    for path in files:
        console.print(f"  {path}", markup=False)
    console.print("Edit these files, then check your lab:")
    if ctx.find_root().get_parameter_source("labs") is ParameterSource.COMMANDLINE:
        console.print(f"  export LABS_ROOT={os.environ['LABS_ROOT']}", markup=False, soft_wrap=True)
    console.print(f"  labs lint {name:<14}   what can be checked without a cluster")
    console.print(f"  labs verify {name:<14} everything else, on real nodes")
    return ExitCode.DONE
