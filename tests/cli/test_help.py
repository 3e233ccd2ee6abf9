"""`--help` pages and shell completion."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from runner.cli import _COMMANDS, bundle, cli
from tests.support import helpers

CONTEXT = click.Context(cli, info_name="labs")


def list_commands() -> dict[str, click.Command]:
    """Return every command and subcommand, by the name that is typed for it."""
    top_level = {name: cli.get_command(CONTEXT, name) for name in cli.list_commands(CONTEXT)}
    all_commands = {name: command for name, command in top_level.items() if command}
    for name, group in list(all_commands.items()):
        if isinstance(group, click.Group):
            all_commands |= {f"{name} {part}": command for part, command in group.commands.items()}
    return all_commands | {"grade bundle": bundle.command}


def list_examples(name: str) -> list[str]:
    """Return the example command lines in a command's help."""
    text = list_commands()[name].get_help(click.Context(list_commands()[name], info_name=f"labs {name}"))
    after = text.partition("Examples:\n")[2].partition("\n\n")[0]
    return [re.split(r"\s{3,}", line.strip())[0] for line in after.splitlines()]


@pytest.mark.parametrize("name", [*_COMMANDS])
def test_examples(name: str) -> None:
    """The help of every command has an example of that command."""
    assert [line for line in list_examples(name) if f"labs {name}" in line], list_examples(name)


def split_example(line: str) -> list[str]:
    """Return the arguments of the `labs` command in an example line."""
    inner = re.search(r"\$\((labs [^)]*)\)", line)
    arguments = shlex.split(inner[1] if inner else line)
    arguments = arguments[arguments.index("labs") + 1 :]
    arguments = arguments[2:] if arguments[0] == "--labs" else arguments
    ends = [number for number, argument in enumerate(arguments) if argument in ("|", ">", "&&")]
    return arguments[: ends[0]] if ends else arguments


@pytest.mark.parametrize("line", [line for name in (*_COMMANDS, "grade bundle") for line in list_examples(name)])
def test_examples_are_valid(line: str) -> None:
    """Every example is a valid command line."""
    name, *arguments = split_example(line)
    command = cli.get_command(CONTEXT, name)
    if isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    assert command is not None
    context = command.make_context(name, arguments)
    assert context.params.keys() == {param.name for param in context.command.params}


@pytest.mark.parametrize("name", sorted(list_commands()))
def test_help_texts(name: str) -> None:
    """The help of every command begins with a sentence, and every option has a help text."""
    command = list_commands()[name]
    assert re.fullmatch(r"[A-Z][^\b]+\.", (command.help or "").split("\n\n")[0]), command.help
    assert [] == [option.name for option in command.params if isinstance(option, click.Option) and not option.help]


def test_top_level(tmp_path: Path) -> None:
    """`labs --help` and `-h` list every command and show how to do a first lab."""
    result = helpers.run_labs(tmp_path, "--help")
    assert (0, "") == (result.returncode, result.stderr)
    assert [*_COMMANDS] == re.findall(r"^  ([a-z]+)  ", result.stdout.partition("Commands:")[2], re.MULTILINE)[
        : len(_COMMANDS)
    ]
    assert "  labs start swarm-basics" in result.stdout
    assert result.stdout == helpers.run_labs(tmp_path, "-h").stdout


def test_command_help(tmp_path: Path) -> None:
    """`labs COMMAND --help` works in a folder without labs and on a host without an engine."""
    result = helpers.run_labs(tmp_path, "check", "--help")
    assert (0, "") == (result.returncode, result.stderr)
    assert result.stdout.startswith("Usage: labs check [OPTIONS] [LAB]\n")


def test_help_imports(tmp_path: Path) -> None:
    """`labs --help` imports none of the large packages that commands need, so that it is fast."""
    look = "import sys; sys.argv = ['labs', '--help']\nfrom runner import cli\n"
    look += "try:\n  cli.main()\nfinally:\n"
    look += "  print(sorted({'docker', 'rich', 'pytest', 'yaml', 'requests'} & {*sys.modules}))"
    assert helpers.run_python(tmp_path, "-c", look).stdout.endswith("\n[]\n")


def test_version(tmp_path: Path) -> None:
    """`labs --version` prints the version."""
    assert "labs, version 0." == helpers.run_labs(tmp_path, "--version").stdout[:16]


@pytest.mark.parametrize(
    ("shell", "hook"), [("bash", "complete -o nosort"), ("zsh", "#compdef labs"), ("fish", "complete")]
)
def test_completion_script(shell: str, hook: str, tmp_path: Path) -> None:
    """The completion script of each shell asks `labs` for completions."""
    result = helpers.run_labs(tmp_path, "completion", shell)
    assert 0 == result.returncode
    assert hook in result.stdout
    assert f"_LABS_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("labs sta", ["plain,start", "plain,status"]),
        ("labs start t", ["plain,tiny", "plain,toy"]),
        ("labs show to", ["plain,toy"]),
        ("labs show toy lo", ["plain,look"]),
        ("labs hint to", ["plain,toy"]),
        ("labs solution toy lo", ["plain,look"]),
        ("labs goto toy l", ["plain,look"]),
        ("labs reset toy --step l", ["plain,look"]),
        ("labs check --st", ["plain,--step"]),
        ("labs completion f", ["plain,fish"]),
        ("labs shell no", []),
    ],
)
def test_completion(typed: str, offered: list[str], tmp_path: Path) -> None:
    """Commands, labs, steps and options are completed; errors while completing print nothing."""
    for name in ("tiny", "toy"):
        helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", name=name)
    variables = {"_LABS_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    result = helpers.run_labs(tmp_path, **variables)
    assert (offered, "") == (result.stdout.split(), result.stderr)
