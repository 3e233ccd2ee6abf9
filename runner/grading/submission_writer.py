"""Writes a submission from what a learner has typed."""

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
# What shows something to whoever sits at a terminal, and changes nothing.
_SHOWS = frozenset({"less", "more", "man", "view", "top", "htop", "watch", "history", "clear", "reset"})
# Each goes on until somebody ends it, or asks for somebody's terminal.
_WANTS_SOMEBODY = re.compile(
    r"^docker (?:(?:exec|run|container exec|container run)\b.*? (?:-it|-ti|-t|--tty)\b"
    r"|(?:compose |service )?logs\b.*? (?:-f|--follow)\b|(?:system )?events\b|attach\b)"
)
_AT_HOME = re.compile(r"^(?:~|\$HOME|\$\{HOME\})(?=/)")
_CHANGES_FOLDER = re.compile(r"\b(?:cd|pushd|popd)\b")
_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Something that is another one on each cluster, or a secret.

    Attributes:
        name: What it is called where it is used, as in `<WORKER_TOKEN>`.
        text: What was typed.
        node: Where to ask for it.
        ask: The command that prints it.

    """

    name: str
    text: str
    node: str
    ask: str


def render_submission(
    lab: Lab, progress: Progress, entries: Iterable[HistoryEntry], values: Sequence[Placeholder]
) -> str:
    """Return the text of `submission.md`: what has worked, by steps, one block for what was typed on a node in a row.

    Args:
        lab: The lab.
        progress: When the learner has passed which step, which tells what belongs to which.
        entries: What was typed, on all nodes.
        values: What must not stand in it as it was typed.

    """
    parts = [f"---\nlab: {lab.name}\n---\n"]
    known: set[str] = set()
    kept = sorted((entry for entry in entries if is_replayable(entry)), key=lambda entry: entry.ended_at)
    by_step = itertools.groupby(kept, key=lambda entry: _step_of(entry, lab.lesson.steps, progress))
    for step, typed in by_step:
        parts.append(f"## {step.title} {{#{step.id}}}\n")
        for node, row in itertools.groupby(typed, key=lambda entry: entry.node):
            parts += _blocks(node, list(row), values, known)
    return "\n".join(parts)


def is_replayable(entry: HistoryEntry) -> bool:
    """Whether something has come of a command that can be typed again with no terminal."""
    alone = _program(entry) not in _EDITORS | _SHOWS and not _WANTS_SOMEBODY.search(entry.command_line)
    return entry.exit_status == 0 and alone


def find_edited_files(entries: Iterable[HistoryEntry]) -> list[tuple[str, str]]:
    """Return the files that were written in an editor, each as node and path, that lie in root's home."""
    found: dict[tuple[str, str], None] = {}
    for entry in entries:
        if _program(entry) in _EDITORS:
            for word in _words(entry.command_line)[1:]:
                path = PurePosixPath(entry.working_directory) / _AT_HOME.sub(str(_HOME), word)
                if not word.startswith(("-", "+")) and path.is_relative_to(_HOME) and ".." not in path.parts:
                    found[entry.node, str(path.relative_to(_HOME))] = None
    return list(found)


def find_swarm_tokens(entries: Iterable[HistoryEntry]) -> list[str]:
    """Return the join tokens and unlock keys that were typed, each once."""
    found = (match for entry in entries for match in re.findall(r"SWM(?:TKN|KEY)-[0-9A-Za-z+/=-]+", entry.command_line))
    return list(dict.fromkeys(found))


def _blocks(node: str, row: Sequence[HistoryEntry], values: Sequence[Placeholder], known: set[str]) -> Iterator[str]:
    script = "\n".join(_in_their_folders(row))
    for value in values:
        # Not 10.0.0.2 in 10.0.0.20, nor in 110.0.0.2.
        script, found = re.subn(rf"(?<![\w.]){re.escape(value.text)}(?!\w)", f"<{value.name}>", script)
        if found and value.name not in known:
            known.add(value.name)
            yield _fenced(f"{value.node} capture={value.name}", value.ask)
    yield _fenced(node, script)


def _in_their_folders(row: Sequence[HistoryEntry]) -> Iterator[str]:
    """Yield what was typed, with a change of folder wherever it was made by something that is left out."""
    here: str | None = str(_HOME)
    for entry in row:
        # None: it was changed by what stands before.
        if here not in (None, entry.working_directory):
            yield f"cd {shlex.quote(entry.working_directory)}"
        yield entry.command_line
        here = None if _CHANGES_FOLDER.search(entry.command_line) else entry.working_directory


def _fenced(about: str, script: str) -> str:
    longest = max((len(run) for run in _FENCE.findall(script)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}sh {about}\n{script}\n{fence}\n"


def _step_of(entry: HistoryEntry, steps: Sequence[Step], progress: Progress) -> Step:
    """Return the step that was next to be passed when something was typed; the last one where all were."""
    for step in steps:
        passed = progress.step_record(step.id).passed_at
        if (passed is None and step.id not in progress.completed_on_cluster) or (
            passed and entry.ended_at <= passed.timestamp()
        ):
            return step
    return steps[-1]


def _program(entry: HistoryEntry) -> str:
    words = _words(entry.command_line)
    return words[0] if words else ""


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def list_placeholders(tokens: Mapping[str, tuple[str, str, str]], addresses: Mapping[str, str]) -> list[Placeholder]:
    """Return what must not stand in a submission.

    Args:
        tokens: What each token is called, where to ask for it, and how.
        addresses: The address of each node, by its name.

    """
    found = [Placeholder(name, text, node, ask) for text, (name, node, ask) in tokens.items()]
    asked = "hostname --ip-address"
    # The longest first, or 10.0.0.1 would be found in 10.0.0.11.
    by_length = sorted(addresses.items(), key=lambda pair: -len(pair[1]))
    return found + [
        Placeholder(f"{node.upper().replace('-', '_')}_ADDRESS", text, node, asked) for node, text in by_length
    ]
