"""The commands that a learner ran in `labs shell`, recorded on the nodes.

The record is a file on the node's disk: it survives a stopped cluster and is removed together with the cluster, so it
always describes how the current cluster reached its state.
"""

from __future__ import annotations

from dataclasses import dataclass

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
class HistoryEntry:
    """One command line.

    Attributes:
        node: The name of the node.
        ended_at: When it ended, in seconds since 1970.
        exit_status: Its exit status.
        working_directory: The directory in which it ran.
        command_line: The text that was typed.

    """

    node: str
    ended_at: int
    exit_status: int
    working_directory: str
    command_line: str


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
    return HistoryEntry(node, int(fields[0]), int(fields[1]), fields[2], text.rstrip("\n"))
