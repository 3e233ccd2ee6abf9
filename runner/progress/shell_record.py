"""Parse the record of one `labs shell`: the events of its shells, and what was typed meanwhile.

The formats are described in `shell_recorder.pl`, `record_start.sh` and `record_end.sh`.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runner.progress import inspected_objects, line_editing
from runner.progress.recorded_input import RecordedInput, join_text, parse_recorded_input

_FIELD_SEPARATOR, _EVENT_SEPARATOR = "\x1f", "\x1e\n"
_INTERRUPT = "\x03"
_INVISIBLE = "hidden"


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
        exit_status: Its exit status; None in the same cases, and if its shell did not record it.
        working_directory: The directory in which it was started.
        command_line: The text that was typed, which may have several lines; empty if it could not be recorded.
        typed_input: What was typed into its standard input, after the editing of lines: one text for each time that the
            learner typed the end of the input with Ctrl-D, and the text after the last one, if there is one.
        keys: The keystrokes for a program that reads each key, such as vim or a shell in a container.
        is_interrupted: Whether Ctrl-C was typed while it ran.
        has_hidden_input: Whether something was typed that the terminal did not show; it is not recorded.
        has_recorded_shell: Whether it opened another shell whose command lines are entries too.
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
    has_recorded_shell: bool = False
    written_files: tuple[WrittenFile, ...] = ()
    objects: tuple[NamedObject, ...] = ()
    is_running: bool = False


@dataclass(slots=True)
class _Line:
    """A command line while its events are read.

    Attributes:
        shell: The shell's process id.
        number: Its number in the shell's history; empty if it is not there.
        entry: What is known of it.
        prompt_since: When the last prompt before it was shown.
        is_noticed: Whether the recorder noticed it, because its shell did not record it.
        is_contradicted: Whether the shell records lines after all, so that it was probably not a command line.
        objects: The objects of the node engine that it names.
        files: The files that changed while it ran.
        inputs: What was typed while it ran.

    """

    shell: str
    number: str
    entry: HistoryEntry
    prompt_since: float
    is_noticed: bool = False
    is_contradicted: bool = False
    objects: list[NamedObject] = field(default_factory=list)
    files: list[WrittenFile] = field(default_factory=list)
    inputs: list[RecordedInput] = field(default_factory=list)


def parse_shell_record(node: str, events: str, inputs: str, *, is_open: bool) -> list[HistoryEntry]:
    """Return the command lines of one `labs shell`, oldest first.

    What the learner damaged, or what a full disk truncated, is left out.

    Args:
        node: The name of the node.
        events: The events of its shells.
        inputs: What was typed.
        is_open: Whether it still runs.

    """
    typed = list(parse_recorded_input(inputs))
    reader = _EventReader(node)
    for event in events.split(_EVENT_SEPARATOR):
        reader.read_event(event)
    lines = [line for line in reader.lines if not (line.is_noticed and _find_typed_line(line, typed) == "")]
    _assign_inputs(lines, typed)
    entries = [_create_entry(line, typed, lines) for line in lines]
    if is_open and entries and entries[-1].ended_at is None and entries[-1].started_at > reader.prompt_since:
        entries[-1] = replace(entries[-1], is_running=True)
    return [*_find_script(node, typed, is_open), *_strip_typed_ahead(entries)]


class _EventReader:
    """Collects the command lines from the events of shells, which are identified by their process ids."""

    def __init__(self, node: str) -> None:
        self.lines: list[_Line] = []
        self._node = node
        self._open_lines: dict[str, _Line] = {}
        self._objects: dict[str, list[NamedObject]] = {}
        self.prompt_since = 0.0

    def read_event(self, event: str) -> None:
        """Read one event, unless it is damaged."""
        kind, *fields = event.split(_FIELD_SEPARATOR)
        readers: dict[str, Callable[..., None]] = {
            "objects": self._read_objects,
            "start": self._read_start,
            "file": self._read_file,
            "end": self._read_end,
            "prompt": self._read_prompt,
            "typed": self._read_typed,
        }
        if kind in readers:
            with contextlib.suppress(ValueError, TypeError, LookupError):
                readers[kind](*fields)

    def _read_objects(self, shell: str, words: str, details: str) -> None:
        named = [NamedObject(word, item) for word, item in inspected_objects.parse_inspected_objects(words, details)]
        self._objects.setdefault(shell, []).extend(named)

    def _read_start(self, shell: str, time: str, number: str, last_status: str, folder: str, text: str) -> None:
        line = self._open_lines.get(shell)
        if line and (line.number, line.prompt_since) == (number, self.prompt_since):
            # The next command of several lines that were pasted at once.
            return
        if line and line.is_noticed and line.entry.ended_at is None:
            # The shell recorded it late.
            self.lines.remove(line)
        elif line:
            _end_line(line, time, last_status)
        entry = HistoryEntry(self._node, float(time), None, None, folder, text.rstrip("\n"))
        line = _Line(shell, number, entry, self.prompt_since, objects=self._objects.pop(shell, []))
        self._open_lines[shell] = line
        self.lines.append(line)

    def _read_file(self, shell: str, path: str, content: str) -> None:
        self._open_lines[shell].files.append(WrittenFile(path, base64.b64decode(content, validate=True)))

    def _read_end(self, shell: str, time: str, status: str) -> None:
        self.prompt_since = float(time)
        if line := self._open_lines.pop(shell, None):
            _end_line(line, time, status)
            line.is_contradicted = line.is_noticed
            self._end_nested_lines(line)

    def _read_prompt(self, shell: str, time: str) -> None:
        """Read a prompt that the recorder noticed; the exit status follows with the next line."""
        self.prompt_since = float(time)
        if line := self._open_lines.get(shell):
            _end_line(line, time)
            self._end_nested_lines(line)

    def _read_typed(self, shell: str, time: str, folder: str) -> None:
        if line := self._open_lines.get(shell):
            _end_line(line, time)
        entry = HistoryEntry(self._node, float(time), None, None, folder, "")
        self._open_lines[shell] = _Line(shell, "", entry, self.prompt_since, is_noticed=True)
        self.lines.append(self._open_lines[shell])

    def _end_nested_lines(self, line: _Line) -> None:
        """End the lines that ended the shell that a line had started."""
        for nested in [name for name, other in self._open_lines.items() if other is not line]:
            inner = self._open_lines[nested]
            if _ran_at(line.entry, inner.entry.started_at):
                del self._open_lines[nested]
                inner.entry = replace(inner.entry, ended_at=inner.entry.ended_at or line.entry.ended_at)


def _end_line(line: _Line, time: str, status: str | None = None) -> None:
    """Set the end of a line, unless it is known, and its exit status, if it is known by now."""
    ended_at = float(time) if line.entry.ended_at is None else line.entry.ended_at
    line.entry = replace(line.entry, ended_at=ended_at, exit_status=None if status is None else int(status))


def _assign_inputs(lines: Sequence[_Line], typed: Sequence[RecordedInput]) -> None:
    """Give each input to the newest line that ran at the time: the program that a nested shell started.

    What was typed for a program right before the shell recorded its start belongs to it as well.
    """
    for part in typed:
        if part.kind not in ("text", "keys", _INVISIBLE):
            continue
        running = [line for line in lines if _ran_at(line.entry, part.time)]
        upcoming = [line for line in lines if line.prompt_since <= part.time < line.entry.started_at]
        for line in running[-1:] or upcoming[:1]:
            line.inputs.append(part)


def _ran_at(entry: HistoryEntry, time: float) -> bool:
    return entry.started_at <= time and (entry.ended_at is None or time < entry.ended_at)


def _create_entry(line: _Line, typed: Sequence[RecordedInput], lines: Sequence[_Line]) -> HistoryEntry:
    entry = line.entry
    text = join_text(part for part in line.inputs if part.kind == "text")
    keys = join_text(part for part in line.inputs if part.kind == "keys")
    terminal_input = line_editing.edit_terminal_input(text)
    return replace(
        entry,
        command_line=entry.command_line or _find_typed_line(line, typed) or "",
        typed_input=terminal_input.texts,
        keys=keys,
        is_interrupted=terminal_input.is_interrupted or keys.endswith(_INTERRUPT),
        has_hidden_input=any(part.kind == _INVISIBLE for part in line.inputs),
        has_recorded_shell=any(other.shell != line.shell and _ran_at(entry, other.entry.started_at) for other in lines),
        written_files=tuple(line.files),
        objects=tuple(line.objects),
    )


def _find_typed_line(line: _Line, typed: Sequence[RecordedInput]) -> str | None:
    """Return the line that the keystrokes at the prompt make, for a shell that did not record it; None if unknown."""
    if line.is_contradicted:
        return None
    keystrokes = join_text(
        part for part in typed if part.kind == "line" and line.prompt_since <= part.time <= line.entry.started_at
    )
    return line_editing.edit_shell_line(keystrokes)


def _find_script(node: str, typed: Sequence[RecordedInput], is_open: bool) -> Iterator[HistoryEntry]:
    """Yield the script that was the input of a shell without a terminal."""
    scripts = [part for part in typed if part.kind == "script"]
    ends = [part for part in typed if part.kind == "end" and part.data.isdigit()]
    if text := join_text(scripts).rstrip():
        entry = HistoryEntry(node, scripts[0].time, None, None, "/root", text)
        if ends:
            entry = replace(entry, ended_at=ends[0].time, exit_status=int(ends[0].data))
        yield replace(entry, is_running=is_open)


def _strip_typed_ahead(entries: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """Remove from the input of each line the lines after it that were typed before it ended."""
    stripped = []
    for number, entry in enumerate(entries):
        *complete, last = entry.typed_input or ("",)
        ahead = ""
        for later in entries[number + 1 :]:
            if len(ahead) >= len(last):
                break
            ahead += f"{later.command_line}\n"
            if last.endswith(ahead) and (last == ahead or last[: -len(ahead)].endswith("\n")):
                last = last[: -len(ahead)]
                break
        stripped.append(replace(entry, typed_input=(*complete, last) if last else tuple(complete)))
    return stripped
