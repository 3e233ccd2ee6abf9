"""Lines that a learner typed, made up for tests, and the blocks that become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.grading import submission_writer
from runner.grading.submission_writer import SubmissionDraft
from runner.grading.typed_lines.placeholders import Placeholder
from runner.progress.shell_record import HistoryEntry, NamedObject


def make_entry(
    text: str, at: float = 10, node: str = "node1", exit_status: int | None = 0, seconds: float = 1, **fields: Any
) -> HistoryEntry:
    """Return a line that was typed; a line that still runs has neither an end nor an exit status.

    Args:
        text: The line.
        at: When it was started.
        node: The name of the node.
        exit_status: Its exit status; None if it is not known.
        seconds: How long it took.
        fields: Other fields of the entry; `folder` is the working directory.

    """
    folder = fields.pop("folder", "/root")
    if fields.get("is_running"):
        return HistoryEntry(node, at, None, None, folder, text, **fields)
    return HistoryEntry(node, at, at + seconds, exit_status, folder, text, **fields)


def make_object(word: str, **details: Any) -> NamedObject:
    """Return an object of an engine that a word in a line names."""
    return NamedObject(word, details)


def draft(
    *entries: HistoryEntry,
    placeholders: Sequence[Placeholder] = (),
    services: Mapping[str, str] | None = None,
) -> SubmissionDraft:
    """Return the draft of a submission for lines."""
    return submission_writer.draft_submission(entries, placeholders, services or {})


def list_scripts(*entries: HistoryEntry, **options: Any) -> list[str]:
    """Return the scripts of the blocks for lines, without their nodes and options."""
    return [block.script for block in draft(*entries, **options).blocks]


def list_left_out(*entries: HistoryEntry) -> list[tuple[str, str]]:
    """Return the lines that are left out, each with the reason."""
    return [(remark.line, remark.reason) for remark in draft(*entries).left_out]


def list_doubts(*entries: HistoryEntry) -> list[str]:
    """Return why lines may not do the same again."""
    return [remark.reason for remark in draft(*entries).doubtful]
