"""Running commands of Docker without a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from runner.grading.typed_lines import shell_syntax, text_edits
from runner.grading.typed_lines.docker_commands import DockerCommand, parse_docker_command
from runner.grading.typed_lines.invocation import Aliases, Invocation, parse_stage
from runner.grading.typed_lines.shell_syntax import ShellLine, Stage, Word
from runner.grading.typed_lines.text_edits import TextEdit

_WITH_TERMINAL = ("run", "exec", "compose run", "compose exec")


def remove_terminals(line: ShellLine, aliases: Aliases) -> list[TextEdit]:
    """Return the edits after which no command of Docker or Kubernetes asks for a terminal.

    A container that runs in the background keeps its terminal: it gets it from the engine, and its shell would end
    without one.
    """
    edits: list[TextEdit] = []
    for stage in line.commands:
        invocation = parse_stage(stage, aliases)
        command = parse_docker_command(invocation)
        if command:
            edits += _edit_docker_options(line.text, command)
            edits += _expand_alias(stage, command, aliases)
        elif invocation.program == "kubectl" and {"exec", "run", "attach", "debug"} & set(invocation.texts):
            edits += _edit_kubectl_options(line.text, invocation)
    return edits


def has_terminal(command: DockerCommand) -> bool:
    """Return whether a command connects the user's terminal to a program in a container."""
    if command.verb in ("compose exec", "compose run"):
        return command.is_attached and not command.has_option("-T", "--no-TTY", "--no-tty")
    if command.verb in ("run", "exec"):
        return command.is_attached and command.has_option("-t", "--tty")
    return command.is_attached and command.verb in ("attach", "start")


def insert_option(command: DockerCommand, option: str) -> TextEdit | None:
    """Return the edit that adds an option after a command's verb; None if the verb comes from an alias."""
    end = command.verb_word.end
    return TextEdit(end, end, f" {option}") if end >= 0 else None


def _edit_docker_options(text: str, command: DockerCommand) -> Iterator[TextEdit]:
    if command.verb not in _WITH_TERMINAL or not command.is_attached:
        return
    for word in command.options:
        if word.text.partition("=")[0] == "--tty":
            yield _remove_word(text, word)
        elif letters := command.list_letters(word.text):
            yield from _remove_letter(text, word, letters)
    is_compose = command.verb.startswith("compose")
    if is_compose and not command.has_option("-T", "--no-TTY", "--no-tty") and (edit := insert_option(command, "-T")):
        yield edit


def _expand_alias(stage: Stage, command: DockerCommand, aliases: Aliases) -> Iterator[TextEdit]:
    """Replace an alias that asks for a terminal by its text, without the terminal."""
    first = stage.words[0]
    if not has_terminal(command) or first.text not in aliases or first.start < 0:
        return
    value = shell_syntax.parse_line(aliases[first.text])
    edits = [
        edit
        for inner in value.commands
        if (aliased := parse_docker_command(parse_stage(inner, {})))
        for edit in _edit_docker_options(value.text, aliased)
    ]
    if edits:
        yield TextEdit(first.start, first.end, text_edits.apply_edits(value.text, edits))


def _edit_kubectl_options(text: str, invocation: Invocation) -> Iterator[TextEdit]:
    for word in invocation.arguments:
        if word.text == "--":
            break
        if word.text.partition("=")[0] == "--tty":
            yield _remove_word(text, word)
        elif word.text in ("-it", "-ti", "-t"):
            yield from _remove_letter(text, word, word.text[1:])


def _remove_letter(text: str, word: Word, letters: str) -> Iterator[TextEdit]:
    if "t" not in letters or word.start < 0:
        return
    kept = letters.replace("t", "") + word.text[1 + len(letters) :]
    yield TextEdit(word.start, word.end, f"-{kept}") if kept else _remove_word(text, word)


def _remove_word(text: str, word: Word) -> TextEdit:
    start = word.start
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    return TextEdit(max(start, 0), max(word.end, 0), "")
