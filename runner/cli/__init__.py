"""The `labs` command: one file a command, and the one exit of them all."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from runner import __version__, sanitize, signals
from runner.errors import ExitCode, HostError, LabsError

# Short help stands here, and not in the commands' files, so that `labs --help` need not import them.
_COMMANDS = {
    "list": ("list_", "Show the labs there are, and your progress."),
    "start": ("start", "Start a lab's nodes, or go on where they were."),
    "status": ("status", "Show what runs, and where you are."),
    "show": ("show", "Read the lesson, or one step of it."),
    "shell": ("shell", "Open a terminal on a node."),
    "exec": ("exec_", "Run a command on a node."),
    "env": ("env", "Let your own docker talk to a node."),
    "check": ("check", "See what your cluster has reached."),
    "hint": ("hint", "Get a nudge for the step you are at."),
    "solution": ("solution", "See how a step is done, once it is passed."),
    "goto": ("goto", "Have all done that comes before a step."),
    "watch": ("watch", "See each check turn green by itself."),
    "play": ("play", "Have the lesson's commands typed for you."),
    "new": ("new", "Make a lab of your own, small and whole."),
    "lint": ("lint", "Find what is wrong with a lab, without a cluster."),
    "verify": ("verify", "Prove that a lab's lesson and checks agree."),
    "submit": ("submit", "Write a submission from what you have typed."),
    "grade": ("grade", "Play submissions, and say what they are worth."),
    "stop": ("stop", "Halt a lab's nodes and keep their disks."),
    "reset": ("reset", "Throw a lab's nodes away and start afresh."),
    "rm": ("rm", "Remove a lab's nodes and all they hold."),
    "site": ("site", "Make web pages of the lessons, or show them."),
    "doctor": ("doctor", "Look whether this machine can run labs."),
    "images": ("images", "Build, list, move or prune the nodes' images."),
    "completion": ("completion", "Print the completion script for a shell."),
}
_EPILOG = """\b
A first lab:
  labs start swarm-basics      three Docker nodes, in a few seconds
  labs show                    the lesson
  labs shell node1             a terminal on the first node
  labs check                   what your cluster has reached
  labs watch                   the same, live
  labs hint                    a nudge
  labs rm                      nothing of it remains
"""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"runner.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from runner.errors import unknown_name_error

            raise unknown_name_error("command", args[0], _COMMANDS, "labs --help")
        return super().resolve_command(ctx, args)


def _use_tree(_ctx: click.Context, _param: click.Parameter, tree: str | None) -> None:
    # A variable, and no argument of everything: programs that we start must find the same labs.
    if tree is not None:
        # Of these two, only this one leaves a `~` alone that is nobody's home.
        os.environ["LABS_ROOT"] = str(Path(os.path.expanduser(tree)).absolute())  # noqa: PTH111


@click.group(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="labs")
@click.option(
    "--labs",
    metavar="DIR",
    type=click.Path(file_okay=False),
    expose_value=False,
    callback=_use_tree,
    help="Use the labs and checks in DIR/labs and DIR/checks, as LABS_ROOT does.",
)
def cli() -> None:
    """Hands-on container-orchestration labs on real Docker nodes, on your own machine."""


def main() -> NoReturn:
    """Run the command line and exit; nothing else in this project does."""
    # Most commands end before there is garbage worth collecting; looking for it takes a tenth of the time of imports.
    gc.set_threshold(50_000)
    signals.raise_on_all()
    code: int = ExitCode.BUG
    try:
        result = cli.main(prog_name="labs", standalone_mode=False)
        code = result if isinstance(result, int) else ExitCode.DONE
    except LabsError as error:
        code = _explain(error)
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        code = ExitCode.INTERRUPTED
    except SystemExit:
        # click and rich end so when the reader of our output has gone, as `head` does; and click after a completion.
        code = ExitCode.DONE
    except OSError as error:
        code = _explain_system(error)
    except Exception:
        code = _report_bug()
    # From here on Ctrl-C could only make a finished command look like a killed one.
    signals.ignore_all()
    sys.exit(code)


def _explain_system(error: OSError) -> int:
    where = error.filename
    if where is None and error.errno == errno.ENOSPC:
        # Most often it is what our output goes to; what is left of that would be tried once more at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        where = "What was to be written"
    if where is None:
        return _report_bug()
    advice = "Make room or give yourself the rights to it, then type this again."
    return _explain(HostError(f"{where}: {error.strerror}.", advice))


def _report_bug() -> int:
    import traceback

    traceback.print_exc()
    click.echo("This is a bug in labs. Please report it with the lines above.", err=True)
    return ExitCode.BUG


def _explain(error: LabsError) -> int:
    for line in error.log.rstrip().splitlines():
        click.echo(f"  | {sanitize.strip_control_chars(line)}", err=True)
    colour = "yellow" if error.exit_code is ExitCode.INCOMPLETE else "red"
    click.secho(sanitize.strip_control_chars(error.message), err=True, fg=None if "NO_COLOR" in os.environ else colour)
    click.echo(error.advice, err=True)
    return error.exit_code
