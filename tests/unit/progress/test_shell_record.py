"""The record of `labs shell`, from the events that a node has written."""

from __future__ import annotations

import base64
import json

from runner.progress.shell_record import HistoryEntry, NamedObject, WrittenFile, parse_shell_record


def _events(*events: tuple[object, ...]) -> str:
    return "".join("\x1f".join(map(str, event)) + "\x1e\n" for event in events)


def _inputs(*inputs: tuple[float, str, str]) -> str:
    return "".join(f"{time} {kind} {data.encode().hex()}\n" for time, kind, data in inputs)


def _start(shell: int, time: float, number: int | str, line: str, status: int = 0) -> tuple[object, ...]:
    return ("start", shell, time, number, status, "/root", line)


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _parse(events: str, inputs: str = "", *, is_open: bool = False) -> list[HistoryEntry]:
    return parse_shell_record("node1", events, inputs, is_open=is_open)


def test_entry() -> None:
    """An entry has the line, its times, its status and what was typed into its program."""
    events = _events(("end", 7, 1.0, 0), _start(7, 2.0, 5, "cat > f"), ("end", 7, 9.0, 3))
    inputs = _inputs((1.5, "line", "cat > f\r"), (3.0, "text", "a\r"), (4.0, "text", "\x04"))
    assert [HistoryEntry("node1", 2.0, 9.0, 3, "/root", "cat > f", ("a\n",))] == _parse(events, inputs)


def test_input_right_before_the_start() -> None:
    """Input for a program that was typed before the shell recorded the start belongs to the program."""
    events = _events(("end", 7, 1.0, 0), _start(7, 2.0, 5, "cat > f"), ("end", 7, 9.0, 0))
    inputs = _inputs((1.5, "line", "cat > f\r"), (1.6, "text", "a\r\x04"))
    assert ("a\n",) == _parse(events, inputs)[0].typed_input


def test_character_that_arrives_in_two_pieces() -> None:
    """A character whose bytes were read one by one is one character."""
    events = _events(_start(7, 2.0, 5, "cat"), ("end", 7, 9.0, 0))
    inputs = "3.0 text c3\n3.1 text bc0d\n4.0 text 04\n"
    assert ("ü\n",) == _parse(events, inputs)[0].typed_input


def test_lines_that_are_pasted_at_once() -> None:
    """The commands of one entry of the history are one entry; a line without a prompt between ends the one before."""
    events = _events(_start(7, 2.0, 5, "a"), _start(7, 3.0, 5, "a"), _start(7, 4.0, 6, "b", 1), ("end", 7, 5.0, 2))
    assert [("a", 4.0, 1), ("b", 5.0, 2)] == [
        (entry.command_line, entry.ended_at, entry.exit_status) for entry in _parse(events)
    ]


def test_nested_shell() -> None:
    """Input goes to the innermost line, and the end of the outer line ends the last line of the inner shell."""
    events = _events(
        _start(7, 1.0, 5, "bash"),
        _start(8, 2.0, 1, "cat > f"),
        ("end", 8, 4.0, 0),
        _start(8, 5.0, 2, "exit"),
        ("end", 7, 6.0, 0),
        _start(7, 7.0, 6, "true"),
        ("end", 7, 8.0, 0),
    )
    entries = _parse(events, _inputs((3.0, "text", "a\r\x04")), is_open=True)
    assert [("bash", (), True), ("cat > f", ("a\n",), False), ("exit", (), False), ("true", (), False)] == [
        (entry.command_line, entry.typed_input, entry.has_recorded_shell) for entry in entries
    ]
    assert not any(entry.is_running for entry in entries)


def test_objects_and_files() -> None:
    """Objects belong to the line that follows, files to the line that runs."""
    web, image = {"Id": "0a1b2c", "Name": "/web"}, {"Id": "sha256:77f0", "RepoTags": []}
    events = _events(
        ("objects", 7, "0a1b gone 77 silly_euler", _encode(json.dumps([web, image]))),
        _start(7, 2.0, 5, "docker rm 0a1b"),
        ("file", 7, "/root/f", _encode("text")),
        ("end", 7, 3.0, 0),
    )
    (entry,) = _parse(events)
    assert (NamedObject("0a1b", web), NamedObject("77", image)) == entry.objects
    assert (WrittenFile("/root/f", b"text"),) == entry.written_files


def test_running_line() -> None:
    """Only the last line of a shell that still runs is running; if the shell is gone, it is not."""
    events = _events(_start(7, 2.0, 5, "docker compose up"))
    assert [True, False] == [_parse(events, is_open=is_open)[0].is_running for is_open in (True, False)]


def test_typed_ahead() -> None:
    """Lines that were typed while another one ran are not its input, but what its program reads before them is."""
    events = _events(
        _start(7, 2.0, 5, "docker system prune"),
        ("end", 7, 5.0, 0),
        _start(7, 5.1, 6, "docker ps"),
        ("end", 7, 5.2, 0),
        _start(7, 5.3, 7, "docker images"),
        ("end", 7, 5.4, 0),
    )
    inputs = _inputs((3.0, "text", "y\r"), (4.0, "text", "docker ps\r"), (4.1, "text", "docker images\rdock"))
    assert [("y\n",), (), ()] == [entry.typed_input for entry in _parse(events, inputs)]


def test_hidden_input() -> None:
    """Hidden input is known, but not what it was."""
    events = _events(_start(7, 2.0, 5, "docker login"), ("end", 7, 5.0, 0))
    (entry,) = _parse(events, "3.0 hidden \n")
    assert (True, ()) == (entry.has_hidden_input, entry.typed_input)


def test_history_that_is_off() -> None:
    """A line that is not in the history is taken from the keystrokes since the prompt, and left out without them."""
    events = _events(
        ("end", 7, 1.0, 0),
        _start(7, 2.0, "", ""),
        ("end", 7, 3.0, 0),
        _start(7, 4.0, "", ""),
        ("end", 7, 5.0, 0),
    )
    inputs = _inputs((0.5, "line", "earlier\r"), (1.5, "line", "true wrong\r"), (3.5, "line", "tr\tue\r"))
    assert ["true wrong", ""] == [entry.command_line for entry in _parse(events, inputs)]


def test_prompt_that_the_shell_did_not_record() -> None:
    """A prompt that the recorder noticed ends the line; the next line has its exit status."""
    events = _events(_start(7, 1.0, 5, "unset PROMPT_COMMAND"), ("prompt", 7, 2.0), _start(7, 4.0, 6, "cat > f", 3))
    events += _events(("end", 7, 9.0, 0))
    inputs = _inputs((3.0, "line", "cat > f\r"), (5.0, "text", "a\r\x04"))
    assert [("unset PROMPT_COMMAND", 2.0, 3, ()), ("cat > f", 9.0, 0, ("a\n",))] == [
        (entry.command_line, entry.ended_at, entry.exit_status, entry.typed_input) for entry in _parse(events, inputs)
    ]
    assert not _parse(events.partition("start\x1f7\x1f4.0")[0], is_open=True)[0].is_running


def test_lines_that_the_shell_did_not_record() -> None:
    """Lines of a shell that records nothing follow from the keystrokes; if they do not, their texts are empty."""
    events = _events(
        *[("typed", 7, 2.0, "/tmp"), ("prompt", 7, 3.0)],
        *[("typed", 7, 4.0, "/tmp"), ("prompt", 7, 5.0)],
        *[("typed", 7, 6.0, "/tmp"), ("prompt", 7, 7.0)],
    )
    inputs = _inputs((1.9, "line", "cat > f\r"), (2.5, "text", "a\r\x04"), (3.9, "line", "\r"), (5.9, "line", "tr\t\r"))
    assert [("cat > f", 3.0, None, ("a\n",), "/tmp"), ("", 7.0, None, (), "/tmp")] == [
        (entry.command_line, entry.ended_at, entry.exit_status, entry.typed_input, entry.working_directory)
        for entry in _parse(events, inputs)
    ]


def test_line_that_the_shell_recorded_late() -> None:
    """What a slow shell records replaces what the recorder noticed, and a doubtful text is left out."""
    late = _events(("typed", 7, 2.0, "/"), _start(7, 4.5, 6, "true"), ("end", 7, 5.0, 0))
    doubtful = _events(("typed", 7, 6.0, "/"), ("end", 7, 7.0, 0))
    inputs = _inputs((1.9, "line", "true\r"), (5.9, "line", "answer\r"))
    assert [("true", 0), ("", 0)] == [
        (entry.command_line, entry.exit_status) for entry in _parse(late + doubtful, inputs)
    ]


def test_script() -> None:
    """The input of a shell without a terminal is one entry."""
    inputs = _inputs((2.0, "script", "docker ps\nfalse\n"), (3.0, "end", "1"))
    assert [HistoryEntry("node1", 2.0, 3.0, 1, "/root", "docker ps\nfalse")] == _parse("", inputs)


def test_damaged_record() -> None:
    """Damaged events are left out, and the others are kept."""
    events = "end\x1fx\x1e\nnonsense\x1e\nstart\x1f7\x1e\nobject\x1f7\x1fx\x1f???\x1e\n" + _events(
        _start(7, 2.0, 5, "true"), ("file", 7, "/f", "?"), ("end", 7, 3.0, 0)
    )
    entries = _parse(events + "start\x1f7\x1f4.0", "x\n3 text zz\n\n")
    assert ["true"] == [entry.command_line for entry in entries]
