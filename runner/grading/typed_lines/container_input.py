"""The script for what was typed into a shell, such as one in a container."""

from __future__ import annotations

from dataclasses import dataclass

from runner.grading.typed_lines import line_effects, shell_syntax, text_edits, typed_input
from runner.grading.typed_lines.keystrokes import TypedText
from runner.grading.typed_lines.line_effects import Effect

_ENDLESS = frozenset({Effect.ENDLESS, Effect.VIEWER})


@dataclass(frozen=True, slots=True)
class ShellInput:
    """What a shell gets as its standard input.

    Attributes:
        text: The text.
        doubts: Why it may not do the same as what was typed.

    """

    text: str
    doubts: tuple[str, ...]


def create_shell_input(typed: TypedText, *, is_shell: bool) -> ShellInput:
    """Return the standard input for a program that lines were typed into.

    Args:
        typed: What was typed.
        is_shell: Whether the program is a shell, so that each line is a command.

    """
    doubts = [] if typed.is_certain else ["keys such as Tab were typed into it, whose effect is not recorded"]
    lines = list(typed.lines)
    if is_shell:
        lines = _feed_inner_readers(lines, typed.input_ends, doubts)
        lines = [line for index, line in enumerate(lines) if _keep_inner_line(index, line, typed, doubts)]
    if typed.rest.strip() and not typed.interrupted:
        doubts.append("the last line that was typed into it was not finished")
    return ShellInput("".join(f"{line}\n" for line in lines if line), tuple(doubts))


def _keep_inner_line(index: int, line: str, typed: TypedText, doubts: list[str]) -> bool:
    parsed = shell_syntax.parse_line(line)
    effects = {line_effects.find_effect(stage, {}) for stage in parsed.stages}
    if Effect.EDITOR in effects:
        doubts.append("a file that was written with an editor in the container is left out")
        return False
    if effects & _ENDLESS and effects <= {*_ENDLESS, Effect.LOOKUP}:
        return False
    if index in typed.interrupted:
        if line_effects.is_passive(parsed, {}):
            return False
        doubts.append(f"'{line[:40]}' in the container was ended with Ctrl-C")
    return True


def _feed_inner_readers(lines: list[str], input_ends: tuple[int, ...], doubts: list[str]) -> list[str]:
    """Return the lines with a here-document for each command that got its input from the lines below it.

    The indexes of all lines stay the same, because empty texts take the place of lines that move.
    """
    for end in input_ends:
        if end == len(lines):
            continue
        readers = [index for index in range(end) if _reads_input(lines[index])]
        start = max(readers, default=None)
        if start is None:
            doubts.append("Ctrl-D was typed into it before the end")
            continue
        text = "".join(f"{line}\n" for line in lines[start + 1 : end])
        delimiter = text_edits.choose_delimiter(text)
        lines[start] = f"{lines[start]} <<'{delimiter}'\n{text}{delimiter}"
        lines[start + 1 : end] = [""] * (end - start - 1)
    return lines


def _reads_input(line: str) -> bool:
    return bool(typed_input.list_input_readers(shell_syntax.parse_line(line), {}))
