"""Help that teaches by example."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from runner.cli import _COMMANDS, bundle, cli
from tests import helpers

CONTEXT = click.Context(cli, info_name="labs")


def commands() -> dict[str, click.Command]:
    """Return every command, those of groups too, by what is typed for it."""
    found = {name: cli.get_command(CONTEXT, name) for name in cli.list_commands(CONTEXT)}
    whole = {name: command for name, command in found.items() if command}
    for name, group in list(whole.items()):
        if isinstance(group, click.Group):
            whole |= {f"{name} {part}": command for part, command in group.commands.items()}
    return whole | {"grade bundle": bundle.command}


def examples(name: str) -> list[str]:
    """Return the command lines that a command's help shows."""
    text = commands()[name].get_help(click.Context(commands()[name], info_name=f"labs {name}"))
    after = text.partition("Examples:\n")[2].partition("\n\n")[0]
    return [re.split(r"\s{3,}", line.strip())[0] for line in after.splitlines()]


@pytest.mark.parametrize("name", [*_COMMANDS])
def test_examples(name: str) -> None:
    """Every command's help shows itself in use."""
    assert [line for line in examples(name) if f"labs {name}" in line], examples(name)


def words_of(line: str) -> list[str]:
    """Return the words of the `labs` command in a line of an example."""
    inner = re.search(r"\$\((labs [^)]*)\)", line)
    words = shlex.split(inner[1] if inner else line)
    words = words[words.index("labs") + 1 :]
    words = words[2:] if words[0] == "--labs" else words
    ends = [at for at, word in enumerate(words) if word in ("|", ">", "&&")]
    return words[: ends[0]] if ends else words


@pytest.mark.parametrize("line", [line for name in (*_COMMANDS, "grade bundle") for line in examples(name)])
def test_examples_can_be_typed(line: str) -> None:
    """What an example shows is a command line that there is."""
    name, *words = words_of(line)
    command = cli.get_command(CONTEXT, name)
    if isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    assert command is not None
    context = command.make_context(name, words)
    assert context.params.keys() == {param.name for param in context.command.params}


@pytest.mark.parametrize("name", sorted(commands()))
def test_says_what_it_does(name: str) -> None:
    """Every command begins its help with what it does, and every option says what it is for."""
    command = commands()[name]
    assert re.fullmatch(r"[A-Z][^\b]+\.", (command.help or "").split("\n\n")[0]), command.help
    assert [] == [option.name for option in command.params if isinstance(option, click.Option) and not option.help]


def test_top(tmp_path: Path) -> None:
    """`labs --help` names every command and a first lab to type, and so does `-h`."""
    done = helpers.run_labs(tmp_path, "--help")
    assert (0, "") == (done.returncode, done.stderr)
    assert [*_COMMANDS] == re.findall(r"^  ([a-z]+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE)[
        : len(_COMMANDS)
    ]
    assert "  labs start swarm-basics" in done.stdout
    assert done.stdout == helpers.run_labs(tmp_path, "-h").stdout


def test_one(tmp_path: Path) -> None:
    """`labs COMMAND --help` succeeds, in a folder without labs and on a machine without an engine."""
    done = helpers.run_labs(tmp_path, "check", "--help")
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("Usage: labs check [OPTIONS] [LAB]\n")


def test_light(tmp_path: Path) -> None:
    """`labs --help` imports nothing of what commands need, so it is there at once."""
    look = "import sys; sys.argv = ['labs', '--help']\nfrom runner import cli\n"
    look += "try:\n  cli.main()\nfinally:\n"
    look += "  print(sorted({'docker', 'rich', 'pytest', 'yaml', 'requests'} & {*sys.modules}))"
    assert helpers.run_python(tmp_path, "-c", look).stdout.endswith("\n[]\n")


def test_version(tmp_path: Path) -> None:
    """`labs --version` tells it."""
    assert "labs, version 0." == helpers.run_labs(tmp_path, "--version").stdout[:16]


@pytest.mark.parametrize(
    ("shell", "hook"), [("bash", "complete -o nosort"), ("zsh", "#compdef labs"), ("fish", "complete")]
)
def test_completion_script(shell: str, hook: str, tmp_path: Path) -> None:
    """The completion script of each shell is printed and asks `labs` itself."""
    done = helpers.run_labs(tmp_path, "completion", shell)
    assert 0 == done.returncode
    assert hook in done.stdout
    assert f"_LABS_COMPLETE={shell}_complete" in done.stdout


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
    """Commands, labs and options are completed, and what cannot be found out disturbs nobody's typing."""
    for name in ("tiny", "toy"):
        helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", name=name)
    words = {"_LABS_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    done = helpers.run_labs(tmp_path, **words)
    assert (offered, "") == (done.stdout.split(), done.stderr)
