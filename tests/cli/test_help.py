"""`--help` pages and shell completion."""

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
    """Return every command and subcommand, by the words that are typed for it."""
    top_level = {name: cli.get_command(CONTEXT, name) for name in cli.list_commands(CONTEXT)}
    found = {name: command for name, command in top_level.items() if command}
    for name, group in list(found.items()):
        if isinstance(group, click.Group):
            found |= {f"{name} {part}": command for part, command in group.commands.items()}
    return found | {"grade bundle": bundle.command}


def examples(name: str) -> list[str]:
    """Return the example command lines in a command's help."""
    text = commands()[name].get_help(click.Context(commands()[name], info_name=f"labs {name}"))
    after = text.partition("Examples:\n")[2].partition("\n\n")[0]
    return [re.split(r"\s{3,}", line.strip())[0] for line in after.splitlines()]


@pytest.mark.parametrize("name", [*_COMMANDS])
def test_examples(name: str) -> None:
    """The help of every command has an example of that command."""
    assert [line for line in examples(name) if f"labs {name}" in line], examples(name)


def words_of(line: str) -> list[str]:
    """Return the words of the `labs` command in an example line."""
    inner = re.search(r"\$\((labs [^)]*)\)", line)
    words = shlex.split(inner[1] if inner else line)
    words = words[words.index("labs") + 1 :]
    words = words[2:] if words[0] == "--labs" else words
    ends = [at for at, word in enumerate(words) if word in ("|", ">", "&&")]
    return words[: ends[0]] if ends else words


@pytest.mark.parametrize("line", [line for name in (*_COMMANDS, "grade bundle") for line in examples(name)])
def test_examples_are_valid(line: str) -> None:
    """Every example is a valid command line."""
    name, *words = words_of(line)
    command = cli.get_command(CONTEXT, name)
    if isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    assert command is not None
    context = command.make_context(name, words)
    assert context.params.keys() == {param.name for param in context.command.params}


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_texts(name: str) -> None:
    """The help of every command begins with a sentence, and every option has a help text."""
    command = commands()[name]
    assert re.fullmatch(r"[A-Z][^\b]+\.", (command.help or "").split("\n\n")[0]), command.help
    assert [] == [option.name for option in command.params if isinstance(option, click.Option) and not option.help]


def test_top_level(tmp_path: Path) -> None:
    """`labs --help` and `-h` list every command and show how to do a first lab."""
    done = helpers.run_labs(tmp_path, "--help")
    assert (0, "") == (done.returncode, done.stderr)
    assert [*_COMMANDS] == re.findall(r"^  ([a-z]+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE)[
        : len(_COMMANDS)
    ]
    assert "  labs start swarm-basics" in done.stdout
    assert done.stdout == helpers.run_labs(tmp_path, "-h").stdout


def test_command_help(tmp_path: Path) -> None:
    """`labs COMMAND --help` works in a folder without labs and on a host without an engine."""
    done = helpers.run_labs(tmp_path, "check", "--help")
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("Usage: labs check [OPTIONS] [LAB]\n")


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
    """Commands, labs, steps and options are completed; errors while completing print nothing."""
    for name in ("tiny", "toy"):
        helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", name=name)
    words = {"_LABS_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    done = helpers.run_labs(tmp_path, **words)
    assert (offered, "") == (done.stdout.split(), done.stderr)
