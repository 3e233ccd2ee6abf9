"""The `labs` command: one module per subcommand, and `main`, the only place where the process exits."""

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
from runner.cli import _output_encoding
from runner.errors import ExitCode, HostError, LabsError

# The module and the short help of each command; short help is here so that `labs --help` need not import the modules.
_COMMANDS = {
    "list": ("list_", "List labs and your progress."),
    "start": ("start", "Start a lab's nodes, or resume stopped ones."),
    "status": ("status", "Show started labs, their nodes and your progress."),
    "show": ("show", "Read the lesson, or one step of it."),
    "shell": ("shell", "Open a terminal on a node."),
    "exec": ("exec_", "Run a command on a node."),
    "env": ("env", "Point your docker CLI at a node's engine."),
    "check": ("check", "Check which steps your cluster has reached."),
    "hint": ("hint", "Get the next hint for a step."),
    "solution": ("solution", "Show how a step is done, after you have passed it."),
    "goto": ("goto", "Skip to a step: complete everything before it for you."),
    "watch": ("watch", "Watch your nodes and checks, live."),
    "play": ("play", "Run the lesson's commands for you."),
    "new": ("new", "Create a new lab."),
    "lint": ("lint", "Find problems in a lab, without a cluster."),
    "verify": ("verify", "Test a lab's lesson and checks on a fresh cluster."),
    "submit": ("submit", "Write a submission from what you typed."),
    "grade": ("grade", "Grade submissions on fresh nodes."),
    "stop": ("stop", "Stop a lab's nodes and keep their disks."),
    "reset": ("reset", "Discard a lab's nodes and start fresh ones."),
    "rm": ("rm", "Remove a lab's nodes and everything on them."),
    "site": ("site", "Build a web site from the lessons, or serve it."),
    "doctor": ("doctor", "Check whether this computer can run labs."),
    "images": ("images", "Build, list, prune, export or import images."),
    "completion": ("completion", "Print a shell's completion script."),
}
_EPILOG = """\b
A first lab:
  labs start swarm-basics      start three Docker nodes, in a few seconds
  labs show                    read the lesson
  labs shell node1             open a terminal on the first node
  labs check                   check your progress
  labs watch                   check it live, in another terminal
  labs hint                    get a hint
  labs rm                      remove the nodes
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
            from runner.errors import create_unknown_name_error

            raise create_unknown_name_error("command", args[0], _COMMANDS, "labs --help")
        return super().resolve_command(ctx, args)


def _set_root(_ctx: click.Context, _param: click.Parameter, folder: str | None) -> None:
    # An environment variable, so that child processes find the same labs.
    if folder is not None:
        # Unlike Path.expanduser, this does not fail for a `~NAME` that is not a user.
        os.environ["LABS_ROOT"] = str(Path(os.path.expanduser(folder)).absolute())  # noqa: PTH111


@click.group(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="labs")
@click.option(
    "--labs",
    metavar="DIR",
    type=click.Path(file_okay=False),
    expose_value=False,
    callback=_set_root,
    help="Use the labs in DIR/labs and the checks in DIR/checks. Overrides LABS_ROOT.",
)
def cli() -> None:
    """Hands-on container-orchestration labs on real Docker nodes, on your own computer."""


def main() -> NoReturn:
    """Run the command line and exit; nothing else in this project exits."""
    # Most commands end before there is garbage worth collecting, and collecting takes a tenth of the import time.
    gc.set_threshold(50_000)
    signals.raise_on_termination_signals()
    _output_encoding.prepare_standard_streams()
    code: int = ExitCode.BUG
    try:
        result = cli.main(prog_name="labs", standalone_mode=False)
        code = result if isinstance(result, int) else ExitCode.DONE
    except LabsError as error:
        code = _print_error(error)
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        code = ExitCode.INTERRUPTED
    except SystemExit:
        # click and rich exit when the output pipe is closed, for example by `head`; click also after a completion.
        code = ExitCode.DONE
    except OSError as error:
        code = _handle_os_error(error)
    except Exception:
        code = _report_bug()
    # From here on, Ctrl-C would only make a finished command look like an interrupted one.
    signals.ignore_interrupts_permanently()
    sys.exit(code)


def _handle_os_error(error: OSError) -> int:
    subject = error.filename
    if subject is None and error.errno == errno.ENOSPC:
        # Most likely standard output is a file on a full disk. Python would try to write the rest again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        subject = "Cannot write the output"
    if subject is None:
        return _report_bug()
    advice = "Free disk space or fix the permissions, then retry."
    return _print_error(HostError(f"{subject}: {error.strerror}.", advice))


def _report_bug() -> int:
    import traceback

    traceback.print_exc()
    click.echo("This is a bug in labs. Please report it, with the lines above.", err=True)
    return ExitCode.BUG


def _print_error(error: LabsError) -> int:
    for line in error.log.rstrip().splitlines():
        click.echo(f"  | {sanitize.strip_control_chars(line)}", err=True)
    colour = "yellow" if error.exit_code is ExitCode.INCOMPLETE else "red"
    click.secho(sanitize.strip_control_chars(error.message), err=True, fg=None if "NO_COLOR" in os.environ else colour)
    click.echo(error.advice, err=True)
    return error.exit_code
