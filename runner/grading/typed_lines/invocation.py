"""Which program a command runs, behind aliases and behind programs that run another one, such as sudo."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from runner.grading.typed_lines.shell_syntax import ShellLine, Stage, Word

Aliases = Mapping[str, str]
# Programs that run the command in their arguments, with their options that take a value.
_WRAPPERS = {
    "sudo": frozenset("ugpCTRDh"),
    "doas": frozenset("uC"),
    "env": frozenset("uCS"),
    "nice": frozenset("n"),
    "ionice": frozenset("cn"),
    "timeout": frozenset("ks"),
    "stdbuf": frozenset("ioe"),
    "time": frozenset("fo"),
    "nohup": frozenset(),
    "setsid": frozenset(),
    "command": frozenset(),
    "exec": frozenset("a"),
    "builtin": frozenset(),
    "unbuffer": frozenset(),
    "xargs": frozenset("adEILnPs"),
    "nsenter": frozenset("tSGW"),
}
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Invocation:
    """A program with its arguments.

    Attributes:
        program: The name of the program, without its folder; empty for a command that only sets variables.
        arguments: Its arguments. Words that come from an alias have no position in the line.
        wrappers: The programs that run it, outermost first.

    """

    program: str
    arguments: tuple[Word, ...]
    wrappers: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the arguments."""
        return tuple(word.text for word in self.arguments)

    def has_option(self, *names: str) -> bool:
        """Return whether one of the arguments is one of these options, for example `-f` or `--follow`.

        A one-letter option may also be a part of a word with several, as in `-fn`.
        """
        letters = {name[1] for name in names if len(name) == 2}
        for text in self.texts:
            if text in names or text.partition("=")[0] in names:
                return True
            if len(text) > 1 and text[0] == "-" and text[1] != "-" and letters & set(text[1:]):
                return True
        return False


def parse_invocation(words: tuple[Word, ...], aliases: Aliases) -> Invocation:
    """Return the program that a command's words run.

    Args:
        words: The words of a simple command.
        aliases: The aliases that were set when it was typed.

    """
    wrappers: list[str] = []
    for _ in range(_MAX_DEPTH):
        if not words:
            break
        name = words[0].text
        if name in aliases and name not in wrappers:
            wrappers.append(name)
            words = (*_split_alias(aliases[name]), *words[1:])
            continue
        program = name.rpartition("/")[2] or name
        if program not in _WRAPPERS:
            return Invocation(program, words[1:], tuple(wrappers))
        wrappers.append(program)
        words = _skip_options(program, words[1:]) or ()
        if not words:
            return Invocation(program, (), tuple(wrappers))
    return Invocation("", ())


def list_alias_definitions(line: ShellLine) -> dict[str, str]:
    """Return the aliases that a line sets."""
    definitions = {}
    for stage in line.commands:
        if stage.texts[:1] == ("alias",):
            for text in stage.texts[1:]:
                name, equals, value = text.partition("=")
                if equals:
                    definitions[name] = value
    return definitions


def parse_stage(stage: Stage, aliases: Aliases) -> Invocation:
    """Return the program that a stage runs; its name is empty if it is a compound command or sets only variables."""
    return parse_invocation(stage.words, aliases) if stage.words else Invocation("", ())


def _skip_options(program: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return the words after a wrapper's own options, assignments, and the duration of `timeout`."""
    index = 0
    while index < len(words):
        text = words[index].text
        if text == "--":
            index += 1
            break
        if text.startswith("-") and len(text) > 1:
            takes_value = not text.startswith("--") and text[-1] in _WRAPPERS[program]
            index += 2 if takes_value else 1
        elif program in ("env", "sudo") and "=" in text:
            index += 1
        else:
            break
    return words[index + (program == "timeout") :]


def _split_alias(value: str) -> tuple[Word, ...]:
    try:
        texts = shlex.split(value)
    except ValueError:
        texts = value.split()
    return tuple(Word(-1, -1, text) for text in texts)
