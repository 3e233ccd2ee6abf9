"""Splits Dockerfiles into what changes the file system and what only configures the image.

The engine's builder commits a container for every instruction, which takes about a second where layers are stored
through FUSE. When the engine commits a container, it applies any number of configuration instructions at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What the engine's API accepts as changes to a container that is committed.
_COMMIT_CHANGES = frozenset("CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD USER VOLUME WORKDIR".split())  # noqa: SIM905
_STOP_SIGNAL = "STOPSIGNAL"


@dataclass(frozen=True, slots=True)
class SplitDockerfile:
    """A Dockerfile without the instructions at its end that only configure the image.

    Attributes:
        filesystem: The Dockerfile up to the last instruction that needs the builder.
        changes: The configuration instructions after it, except for the stop signal.
        stop_signal: The stop signal that these instructions set, which the engine does not accept as a change; or None.

    """

    filesystem: str
    changes: tuple[str, ...]
    stop_signal: str | None

    @property
    def sets_command(self) -> bool:
        """Whether the changes set what the image runs."""
        return any(_get_keyword(change) in {"CMD", "ENTRYPOINT"} for change in self.changes)


def split_dockerfile(text: str) -> SplitDockerfile:
    """Split the text of a Dockerfile."""
    instructions = _parse_instructions(text)
    end = len(instructions)
    while end and _is_configuration(instructions[end - 1]):
        end -= 1
    configuration = instructions[end:]
    signals = [line.split()[1] for line in configuration if _get_keyword(line) == _STOP_SIGNAL]
    return SplitDockerfile(
        "".join(f"{instruction}\n" for instruction in instructions[:end]),
        tuple(line for line in configuration if _get_keyword(line) != _STOP_SIGNAL),
        signals[-1] if signals else None,
    )


def _parse_instructions(text: str) -> Sequence[str]:
    """Return the instructions with their continuation lines, without comments and empty lines."""
    instructions, lines = [], []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        lines.append(line)
        if not line.rstrip().endswith("\\"):
            instructions.append("\n".join(lines))
            lines = []
    return instructions


def _is_configuration(instruction: str) -> bool:
    # Only the builder knows the values of build arguments.
    return "$" not in instruction and _get_keyword(instruction) in {*_COMMIT_CHANGES, _STOP_SIGNAL}


def _get_keyword(instruction: str) -> str:
    return instruction.split(maxsplit=1)[0].upper()
