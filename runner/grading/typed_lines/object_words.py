"""Where a script names an object of the engine by its identifier or by the first characters of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines import shell_syntax
from runner.grading.typed_lines.docker_commands import DockerCommand, parse_docker_command
from runner.grading.typed_lines.invocation import Aliases, parse_stage
from runner.grading.typed_lines.shell_syntax import Word

# Digits and letters, but not a name with a number, such as `web1`.
_CLEAR_IDENTIFIER = re.compile(r"(?=.*\d)(?=.*[a-z])(?![a-z]{3,}\d{1,3}$)[0-9a-z]{4,}|[a-z]+_[a-z0-9]+|.*\..*")
# A filter, or the folder of a container or volume: a name does not do there.
_NEEDS_IDENTIFIER = re.compile(r"(?:\bid=|/)$")


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """A place where a script names an object.

    Attributes:
        start: Where the word starts.
        end: Where it ends.
        needs_identifier: Whether only an identifier does there, and not a name.

    """

    start: int
    end: int
    needs_identifier: bool


def find_places(script: str, word: str, aliases: Aliases) -> list[ObjectPlace]:
    """Return where a script names an object with a word.

    A word that can hardly be anything else is found everywhere. One such as `80` or `web` is found only where a
    command of Docker expects an object.

    Args:
        script: The script.
        word: The word.
        aliases: The aliases that are set on the node.

    """
    if _CLEAR_IDENTIFIER.fullmatch(word):
        # The digest of an image, as in `nginx@sha256:...`, is the same everywhere.
        matches = re.finditer(rf"(?<![\w.-])(?<!@sha256:)(?:(?<!@)sha256:)?{re.escape(word)}(?![\w-])", script)
        places = [(match.start(), match.end()) for match in matches]
    else:
        places = list(_find_operands(script, word, aliases))
    return [ObjectPlace(start, end, bool(_NEEDS_IDENTIFIER.search(script[:start]))) for start, end in places]


def _list_operands(command: DockerCommand) -> tuple[Word, ...]:
    """Return the operands of a command that are objects of the engine."""
    if command.verb in tables.DOCKER_OBJECTS:
        return command.operands
    return command.operands[:1] if command.verb in tables.DOCKER_FIRST_OBJECTS else ()


def _find_operands(script: str, word: str, aliases: Aliases) -> Iterator[tuple[int, int]]:
    for stage in shell_syntax.parse_line(script).commands:
        command = parse_docker_command(parse_stage(stage, aliases))
        for operand in _list_operands(command) if command else ():
            # A copy names the container as `ID:/path`, and scaling names the service as `ID=3`.
            start = script.find(word, operand.start) if re.match(rf"{re.escape(word)}(?:[:=]|$)", operand.text) else -1
            if 0 <= operand.start <= start < operand.end:
                yield start, start + len(word)
