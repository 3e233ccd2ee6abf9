"""The commands that a learner ran in `labs shell`, recorded on the nodes.

The record is on the node's disk: it survives a stopped cluster and is removed together with the cluster, so it always
describes how the current cluster reached its state. It does not depend on the settings of the shell's history, and
contains what was typed into programs.
"""

from __future__ import annotations

from importlib import resources

from runner.nodes.driver_interface import Node
from runner.progress.shell_record import HistoryEntry, parse_shell_record

_FOLDER = "/var/lib/labs-shell"
_SECTION = "\x1d"
# Bash expands PS0 before it runs a line. The second part sets the hook for prompts, and is empty. It sets an element of
# the array PROMPT_COMMAND that remains when the learner assigns something to the variable.
_HOOK = '$(eval "$LABS_RECORD_START")${LABS_RECORD_END#"${PROMPT_COMMAND[999]:=$LABS_RECORD_END}"}'
# The recorder holds a lock on its file while it runs.
_PRINT_RECORDS = rf"""
cd {_FOLDER} 2>/dev/null || exit 0
for input in *.input; do
    [ -e "$input" ] || continue
    flock --nonblock "$input" true && state=closed || state=open
    printf '\035%s\n' "$state"
    cat "${{input%.input}}.lines" 2>/dev/null
    printf '\035'
    cat "$input"
done
"""


def build_recording_shell() -> list[str]:
    """Return the command that runs a shell on a node and records it."""
    package = resources.files(__package__)
    program, start, end = (
        (package / name).read_text("utf-8") for name in ("shell_recorder.pl", "record_start.sh", "record_end.sh")
    )
    variables = {
        "LABS_RECORD_START": start,
        "LABS_RECORD_END": end,
        "LABS_RECORD_MORE": r"""printf 'more\x1f%s\x1e\n' "$$" >>"$LABS_RECORD" """,
        "PS2": '$(eval "$LABS_RECORD_MORE")> ',
        "LABS_RECORD_HOOK": _HOOK,
        "PS0": _HOOK,
    }
    assignments = [f"{name}={value}" for name, value in variables.items()]
    return ["env", *assignments, "perl", "-e", program, _FOLDER, "bash", "-l"]


def read_shell_history(node: Node) -> list[HistoryEntry]:
    """Return the recorded commands of a node, in the order in which they were started.

    Raises:
        HostError: The node cannot be reached.
        LimitExceededError: The record is too large to be read.

    """
    _, *sections = node.run_command(["sh", "-c", _PRINT_RECORDS]).stdout_text.split(_SECTION)
    entries: list[HistoryEntry] = []
    for head, inputs in zip(sections[::2], sections[1::2], strict=False):
        state, _, events = head.partition("\n")
        entries += parse_shell_record(node.name, events, inputs, is_open=state == "open")
    return sorted(entries, key=lambda entry: entry.started_at)
