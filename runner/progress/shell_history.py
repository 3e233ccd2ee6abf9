"""The commands that a learner ran in `labs shell`, recorded on the nodes.

The record is a file on the node's disk: it survives a stopped cluster and is removed together with the cluster, so it
always describes how the current cluster reached its state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.nodes.driver_interface import Node

_FILE = "/var/lib/labs-shell-history"
_RECORD_SEPARATOR = "\x1e\n"
# Bash runs this before each prompt, and so after each command. Entries older than this shell are not recorded again.
_PROMPT_COMMAND = rf"""
labs_status=$?
labs_entry=$(HISTTIMEFORMAT='' builtin history 1)
if [[ -n ${{labs_seen-}} && $labs_entry != "$labs_seen" ]]; then
    printf '%(%s)T %s %s\n%s\n\036\n' -1 "$labs_status" "$labs_folder" "${{labs_entry#*[0-9]  }}" >>{_FILE}
fi
labs_seen=${{labs_entry:-none}}
labs_folder=$PWD
"""
RECORDING_SHELL = ("env", f"PROMPT_COMMAND={_PROMPT_COMMAND}", "bash", "-l")


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that changed while an editor ran.

    Attributes:
        path: Its absolute path on the node.
        content: Its content after the editor had ended.

    """

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object of the node engine that a command line names by its identifier or by a name that the engine invented.

    Attributes:
        word: The word in the command line, for example the first characters of a container's identifier.
        details: What `docker inspect WORD` printed before the command ran.

    """

    word: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One command line.

    Attributes:
        node: The name of the node.
        started_at: When it was started, in seconds since 1970.
        ended_at: When it ended, in seconds since 1970; None if it still runs, or if it ended its shell.
        exit_status: Its exit status; None in the same cases.
        working_directory: The directory in which it was started.
        command_line: The text that was typed, which may have several lines.
        typed_input: What was typed into its standard input, after the editing of lines: one text for each time that the
            learner typed the end of the input with Ctrl-D, and the text after the last one, if there is one.
        keys: The keystrokes for a program that reads each key, such as vim or a shell in a container.
        is_interrupted: Whether Ctrl-C was typed while it ran.
        has_hidden_input: Whether something was typed that the terminal did not show; it is not recorded.
        written_files: The files that changed while an editor ran.
        objects: The objects of the node engine that it names.
        is_running: Whether it still runs.

    """

    node: str
    started_at: float
    ended_at: float | None
    exit_status: int | None
    working_directory: str
    command_line: str
    typed_input: tuple[str, ...] = ()
    keys: str = ""
    is_interrupted: bool = False
    has_hidden_input: bool = False
    written_files: tuple[WrittenFile, ...] = ()
    objects: tuple[NamedObject, ...] = ()
    is_running: bool = False


def read_shell_history(node: Node) -> list[HistoryEntry]:
    """Return the recorded commands of a node, oldest first.

    Raises:
        HostError: The node cannot be reached.

    """
    text = node.run_command(["sh", "-c", f"cat {_FILE} 2>/dev/null || true"]).stdout_text
    return [entry for record in text.split(_RECORD_SEPARATOR) if (entry := _parse_record(node.name, record))]


def _parse_record(node: str, record: str) -> HistoryEntry | None:
    """Parse one record; return None if the learner damaged it or a full disk truncated it."""
    header, _, text = record.partition("\n")
    fields = header.split(" ", 2)
    if len(fields) != 3 or not (fields[0].isdecimal() and fields[1].isdecimal()) or not text.strip():
        return None
    return HistoryEntry(node, int(fields[0]), int(fields[0]), int(fields[1]), fields[2], text.rstrip("\n"))
