"""The recorder of `labs shell` on this computer, with shells whose hooks were changed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.progress import shell_history
from runner.progress.shell_record import HistoryEntry, parse_shell_record
from tests.support.pseudo_terminal import PseudoTerminal

pytestmark = pytest.mark.skipif(
    not Path("/dev/ptmx").exists() or not shutil.which("perl") or not Path("/proc/self/exe").exists(),
    reason="The recorder runs on Linux, with Perl",
)
_PROMPT = "ready# "
_ALL = "PS0='a '; PROMPT_COMMAND=(true); PS2='b '"
OpenShell = Callable[[str], PseudoTerminal]


@pytest.fixture
def open_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenShell]:
    """Return a function that opens a recorded shell with lines for its `.bashrc`, in an empty home folder."""
    monkeypatch.chdir(tmp_path)
    terminals = []

    def open_terminal(settings: str) -> PseudoTerminal:
        (tmp_path / ".bash_profile").write_text(". ~/.bashrc\n")
        (tmp_path / ".bashrc").write_text(f"PS1='{_PROMPT}'\n{settings}\n")
        argv = [
            str(tmp_path / "record") if "/labs-shell" in word else word
            for word in shell_history.build_recording_shell()
        ]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        terminals.append(PseudoTerminal(argv, environment, columns=150))
        terminals[-1].read_until(_PROMPT)
        return terminals[-1]

    yield open_terminal
    for terminal in terminals:
        terminal.close()


def _type_lines(shell: PseudoTerminal, *lines: str) -> None:
    for line in lines:
        shell.type_text(f"{line}\r")
        shell.read_until(_PROMPT)


def _type_text_into_cat(shell: PseudoTerminal) -> None:
    """Write a file with `cat`, as a user types it."""
    shell.type_text("cat > made\r")
    time.sleep(0.6)
    shell.type_text("text\r")
    time.sleep(0.6)
    shell.type_text("\x04")
    shell.read_until(_PROMPT)


def _read_entries(folder: Path, count: int) -> list[HistoryEntry]:
    """Return the last entries of the record, once the last one has ended."""
    deadline = time.monotonic() + 10
    while True:
        (inputs,) = (folder / "record").glob("*.input")
        events = inputs.with_suffix(".lines").read_text("utf-8")
        entries = parse_shell_record("node1", events, inputs.read_text("utf-8"), is_open=True)
        if time.monotonic() > deadline or (entries and entries[-1].command_line and not entries[-1].is_running):
            return entries[-count:]
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ("", "PROMPT_COMMAND=true"),
        ("", "PROMPT_COMMAND=(true true)"),
        ("", "PROMPT_COMMAND+='; true'"),
        ("", "unset PROMPT_COMMAND"),
        ("", "PS0='hello '"),
        ("", "unset PS0 PS2"),
        ("PROMPT_COMMAND=true", "bash"),
        ("HISTCONTROL=ignoreboth; PROMPT_COMMAND='true; true'; PS2='> '", "exec bash"),
    ],
)
def test_changed_hook(settings: str, line: str, open_shell: OpenShell, tmp_path: Path) -> None:
    """A shell whose hook for prompts or for lines was changed records all lines, and sets the hook again."""
    shell = open_shell(settings)
    _type_lines(shell, line, " touch first")
    _type_text_into_cat(shell)
    _type_lines(shell, "for i in 1 2\rdo true\rdone", "cd /", "false")
    expected = [
        (" touch first", (), tmp_path, 0),
        ("cat > made", ("text\n",), tmp_path, 0),
        ("for i in 1 2\ndo true\ndone", (), tmp_path, 0),
        ("cd /", (), tmp_path, 0),
        ("false", (), Path("/"), 1),
    ]
    assert expected == [
        (entry.command_line, entry.typed_input, Path(entry.working_directory), entry.exit_status)
        for entry in _read_entries(tmp_path, 5)
    ]


@pytest.mark.parametrize(("settings", "line"), [("", _ALL), (_ALL, "true"), (_ALL, "bash"), (_ALL, "exec bash")])
def test_lost_hooks(settings: str, line: str, open_shell: OpenShell, tmp_path: Path) -> None:
    """Without any hook, lines are recorded from their keystrokes, and a line that needs more is known to be missing."""
    shell = open_shell(settings)
    _type_lines(shell, line, "touch first")
    _type_text_into_cat(shell)
    _type_lines(shell, "cd /", "tru\t", "false")
    expected = [
        ("touch first", (), tmp_path),
        ("cat > made", ("text\n",), tmp_path),
        ("cd /", (), tmp_path),
        ("", (), Path("/")),
        ("false", (), Path("/")),
    ]
    assert expected == [
        (entry.command_line, entry.typed_input, Path(entry.working_directory)) for entry in _read_entries(tmp_path, 5)
    ]


def test_input_of_a_shell_without_hooks(open_shell: OpenShell, tmp_path: Path) -> None:
    """A shell that did not get the hooks is a program that reads keys."""
    shell = open_shell("")
    _type_lines(shell, "env -i HOME=$HOME bash", "touch a", "exit")
    (entry,) = _read_entries(tmp_path, 1)
    assert ("env -i HOME=$HOME bash", "touch a\rexit\r") == (entry.command_line, entry.keys)
