"""What a learner has typed in `labs shell`, as the nodes themselves keep it.

It lies on the node's own disk: it survives a halt, and goes with the cluster, so that it always tells how the present
cluster came to be what it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.nodes.driver_interface import Node

_FILE = "/var/lib/labs-typed"
_END = "\x1e\n"
# Run by bash before each prompt, and so after each command. What stood in the history before this shell is not of it.
_RECORD = rf"""
labs_status=$?
labs_entry=$(HISTTIMEFORMAT='' builtin history 1)
if [[ -n ${{labs_seen-}} && $labs_entry != "$labs_seen" ]]; then
    printf '%(%s)T %s %s\n%s\n\036\n' -1 "$labs_status" "$labs_folder" "${{labs_entry#*[0-9]  }}" >>{_FILE}
fi
labs_seen=${{labs_entry:-none}}
labs_folder=$PWD
"""
RECORDING_SHELL = ("env", f"PROMPT_COMMAND={_RECORD}", "bash", "-l")


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One command line.

    Attributes:
        node: The name of the node.
        at: When it had ended, in seconds since 1970.
        exit_status: What it exited with.
        folder: Where it was typed.
        text: What was typed.

    """

    node: str
    ended_at: int
    exit_status: int
    folder: str
    command_line: str


def read_shell_history(node: Node) -> list[HistoryEntry]:
    """Return what was typed on a node, in its order.

    Raises:
        HostError: The node cannot be reached.

    """
    kept = node.run_command(["sh", "-c", f"cat {_FILE} 2>/dev/null || true"]).text
    return [entry for part in kept.split(_END) if (entry := _entry(node.name, part))]


def _entry(node: str, part: str) -> HistoryEntry | None:
    """Read one record; None for what the learner has made unreadable, or a full disk cut short."""
    head, _, text = part.partition("\n")
    words = head.split(" ", 2)
    if len(words) != 3 or not (words[0].isdecimal() and words[1].isdecimal()) or not text.strip():
        return None
    return HistoryEntry(node, int(words[0]), int(words[1]), words[2], text.rstrip("\n"))
