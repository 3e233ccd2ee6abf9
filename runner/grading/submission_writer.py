"""Write a submission from the commands that a learner typed in `labs shell`."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from runner.lessons.model import Lab, Step
from runner.progress.model import Progress
from runner.progress.shell_history import HistoryEntry

_HOME = PurePosixPath("/root")
_EDITORS = frozenset({"vi", "vim", "vim.tiny", "nano", "emacs", "editor"})
# These only show something on a terminal.
_VIEWERS = frozenset({"less", "more", "man", "view", "top", "htop", "watch", "history", "clear", "reset"})
# These run until the user stops them, or need a terminal.
_INTERACTIVE = re.compile(
    r"^docker (?:(?:exec|run|container exec|container run)\b.*? (?:-it|-ti|-t|--tty)\b"
    r"|(?:compose |service )?logs\b.*? (?:-f|--follow)\b|(?:system )?events\b|attach\b)"
)
_HOME_PREFIX = re.compile(r"^(?:~|\$HOME|\$\{HOME\})(?=/)")
_CHANGES_FOLDER = re.compile(r"\b(?:cd|pushd|popd)\b")
_FENCE = re.compile(r"`{3,}")
_ADDRESS_COMMAND = "hostname --ip-address"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A placeholder for a text that is secret or differs from cluster to cluster.

    Attributes:
        name: The placeholder's name, as in `<WORKER_TOKEN>`.
        text: The text that was typed.
        node: The node on which to capture it.
        command: The command that prints it.

    """

    name: str
    text: str
    node: str
    command: str


def render_submission(
    lab: Lab, progress: Progress, entries: Iterable[HistoryEntry], placeholders: Sequence[Placeholder]
) -> str:
    """Return the text of `submission.md`: the successful commands by step, in one block per series on the same node.

    Args:
        lab: The lab.
        progress: When the learner passed each step, which decides to which step a command belongs.
        entries: The commands that were typed, on all nodes.
        placeholders: The texts to replace.

    """
    parts = [f"---\nlab: {lab.name}\n---\n"]
    captured: set[str] = set()
    replayable = sorted((entry for entry in entries if is_replayable(entry)), key=lambda entry: entry.ended_at)
    by_step = itertools.groupby(replayable, key=lambda entry: _find_step(entry, lab.lesson.steps, progress))
    for step, step_entries in by_step:
        parts.append(f"## {step.title} {{#{step.id}}}\n")
        for node, series in itertools.groupby(step_entries, key=lambda entry: entry.node):
            parts += _render_blocks(node, list(series), placeholders, captured)
    return "\n".join(parts)


def is_replayable(entry: HistoryEntry) -> bool:
    """Return whether a command succeeded, and can be run again without a terminal."""
    program = _parse_program(entry)
    return entry.exit_status == 0 and program not in _EDITORS | _VIEWERS and not _INTERACTIVE.search(entry.command_line)


def find_edited_files(entries: Iterable[HistoryEntry]) -> list[tuple[str, str]]:
    """Return the files in root's home that were opened in an editor, each as node and path."""
    files: dict[tuple[str, str], None] = {}
    for entry in entries:
        if _parse_program(entry) in _EDITORS:
            for word in _split_words(entry.command_line)[1:]:
                path = PurePosixPath(entry.working_directory) / _HOME_PREFIX.sub(str(_HOME), word)
                if not word.startswith(("-", "+")) and path.is_relative_to(_HOME) and ".." not in path.parts:
                    files[entry.node, str(path.relative_to(_HOME))] = None
    return list(files)


def find_swarm_tokens(entries: Iterable[HistoryEntry]) -> list[str]:
    """Return the join tokens and unlock keys in the commands, each once."""
    tokens = (
        match for entry in entries for match in re.findall(r"SWM(?:TKN|KEY)-[0-9A-Za-z+/=-]+", entry.command_line)
    )
    return list(dict.fromkeys(tokens))


def create_placeholders(tokens: Mapping[str, tuple[str, str, str]], addresses: Mapping[str, str]) -> list[Placeholder]:
    """Return the placeholders for tokens and addresses.

    Args:
        tokens: For each token its placeholder's name, the node on which to capture it, and the command that prints it.
        addresses: The address of each node, by its name.

    """
    placeholders = [Placeholder(name, text, node, command) for text, (name, node, command) in tokens.items()]
    # The longest first, so that 10.0.0.1 is not replaced in 10.0.0.11.
    by_length = sorted(addresses.items(), key=lambda pair: -len(pair[1]))
    for node, address in by_length:
        name = f"{node.upper().replace('-', '_')}_ADDRESS"
        placeholders.append(Placeholder(name, address, node, _ADDRESS_COMMAND))
    return placeholders


def _render_blocks(
    node: str, series: Sequence[HistoryEntry], placeholders: Sequence[Placeholder], captured: set[str]
) -> Iterator[str]:
    script = "\n".join(_list_commands(series))
    for placeholder in placeholders:
        # Matches 10.0.0.2 neither in 10.0.0.20 nor in 110.0.0.2.
        pattern = rf"(?<![\w.]){re.escape(placeholder.text)}(?!\w)"
        script, count = re.subn(pattern, f"<{placeholder.name}>", script)
        if count and placeholder.name not in captured:
            captured.add(placeholder.name)
            yield _render_block(f"{placeholder.node} capture={placeholder.name}", placeholder.command)
    yield _render_block(node, script)


def _list_commands(series: Sequence[HistoryEntry]) -> Iterator[str]:
    """Yield the commands, and a `cd` wherever a command that is left out changed the folder."""
    folder: str | None = str(_HOME)
    for entry in series:
        # None means unknown: the previous command may have changed it.
        if folder not in (None, entry.working_directory):
            yield f"cd {shlex.quote(entry.working_directory)}"
        yield entry.command_line
        folder = None if _CHANGES_FOLDER.search(entry.command_line) else entry.working_directory


def _render_block(info: str, script: str) -> str:
    longest = max((len(run) for run in _FENCE.findall(script)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}sh {info}\n{script}\n{fence}\n"


def _find_step(entry: HistoryEntry, steps: Sequence[Step], progress: Progress) -> Step:
    """Return the step that the learner was working on when a command was typed; the last one if all were passed."""
    for step in steps:
        passed_at = progress.find_step_record(step.id).passed_at
        was_open = passed_at is None and step.id not in progress.completed_on_cluster
        if was_open or (passed_at and entry.ended_at <= passed_at.timestamp()):
            return step
    return steps[-1]


def _parse_program(entry: HistoryEntry) -> str:
    words = _split_words(entry.command_line)
    return words[0] if words else ""


def _split_words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()
