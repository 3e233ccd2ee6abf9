"""The record of what a learner types in `labs shell`, on a real terminal and a real node."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from runner.clusters import lookup
from runner.progress import shell_history
from runner.progress.shell_record import HistoryEntry
from tests.support.labs_command import LabsRunner
from tests.support.pseudo_terminal import PseudoTerminal

_PROMPT = "[node1] ~ # "
ReadEntries = Callable[[], list[HistoryEntry]]


@pytest.fixture
def read_entries(trio: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> ReadEntries:
    """Return a function that reads what was recorded on node1 since the test began."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    node = lookup.survey_clusters().require_running_node("node1", trio)
    started_at = time.time()
    return lambda: [entry for entry in shell_history.read_shell_history(node) if entry.started_at >= started_at]


@pytest.fixture
def shell(trio: str, environment: dict[str, str]) -> Iterator[PseudoTerminal]:
    """Open a shell on node1."""
    argv = [sys.executable, "-m", "runner", "shell", "node1", "--lab", trio]
    terminal = PseudoTerminal(argv, {**environment, "NO_COLOR": "1"}, columns=150)
    terminal.read_until(_PROMPT)
    yield terminal
    terminal.close()


def _run(shell: PseudoTerminal, line: str, *more: str) -> str:
    """Type a line and what its program reads, and return the output up to the next prompt."""
    shell.type_text(f"{line}\r")
    for text in more:
        time.sleep(0.5)
        shell.type_text(text)
    return shell.read_until(_PROMPT)


def _wait_for_entries(read_entries: ReadEntries, count: int, seconds: float = 20) -> list[HistoryEntry]:
    """Return the entries once there are so many."""
    deadline = time.monotonic() + seconds
    while len(entries := read_entries()) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    return entries


def test_lines_and_their_ends(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """Each line is recorded with its folder and status, whatever is set for the history."""
    lines = (
        "cd /tmp",
        "HISTCONTROL=ignoreboth:erasedups HISTIGNORE='*' HISTSIZE=0",
        " true spaced",
        "false again",
        "false again",
        "history -c; true",
        "unset HISTFILE",
    )
    for line in lines:
        shell.type_text(f"{line}\r")
        shell.read_until("# ")
    entries = read_entries()
    assert list(lines) == [entry.command_line for entry in entries]
    assert ["/root", *["/tmp"] * 6] == [entry.working_directory for entry in entries]
    assert [0, 0, 0, 1, 1, 0, 0] == [entry.exit_status for entry in entries]


def test_lines_while_the_history_is_off(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """Where the history is turned off, lines are recorded from their keystrokes."""
    for line in ("set +o history", "true wromg\x7f\x7fng\x01", "for i in 1 2\rdo true $i\rdone"):
        _run(shell, line)
    assert ["set +o history", "true wrong", "for i in 1 2\ndo true $i\ndone"] == [
        entry.command_line for entry in read_entries()
    ]


@pytest.mark.parametrize(
    "change", ["PROMPT_COMMAND=true", "unset PROMPT_COMMAND", "PS0='hello '", "PS0= PROMPT_COMMAND=()"]
)
def test_changed_hooks(change: str, shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """Lines and input are recorded although the variables that the record needs were changed."""
    _run(shell, change)
    _run(shell, "cat > typed", "text\r", "\x04")
    _run(shell, "touch later")
    assert [(change, ()), ("cat > typed", ("text\n",)), ("touch later", ())] == [
        (entry.command_line, entry.typed_input) for entry in _wait_for_entries(read_entries, 3)
    ]


def test_typed_input(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """What is typed into a program is recorded as the program read it."""
    _run(shell, "cat > typed.yml", "servixe\x7f\x7fces:\r", "  web: x\x15  größe: ä\r", "\x04")
    typed, shown = read_entries()[0], _run(shell, "cat typed.yml")
    assert ("services:\n  größe: ä\n",) == typed.typed_input
    assert "services:\r\n  größe: ä\r\n" in shown


def test_input_that_is_typed_at_once(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """Text that arrives together with its command line is recorded as the input of the program."""
    shell.type_text("cat > fast.txt\rone\rtwo\r\x04echo done-$((40 + 2))\r")
    shell.read_until("done-42")
    entries = [(entry.command_line, entry.typed_input) for entry in _wait_for_entries(read_entries, 2)]
    assert [("cat > fast.txt", ("one\ntwo\n",)), ("echo done-$((40 + 2))", ())] == entries


def test_line_that_is_typed_ahead(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """A line that is typed while another one runs is no input of the other one."""
    shell.type_text("sleep 4\r")
    _wait_for_entries(read_entries, 1)
    shell.type_text("echo ahead-$((40 + 2))\r")
    shell.read_until("ahead-42")
    assert [("sleep 4", ()), ("echo ahead-$((40 + 2))", ())] == [
        (entry.command_line, entry.typed_input) for entry in _wait_for_entries(read_entries, 2)
    ]


def test_pasted_lines(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """Lines that are pasted at once, as terminals mark it, are recorded one by one."""
    _run(shell, "\x1b[200~true one\ntrue two\x1b[201~")
    assert ["true one", "true two"] == [line for entry in read_entries() for line in entry.command_line.splitlines()]


def test_ctrl_c_with_status_zero(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """A program that was ended by Ctrl-C is recorded so, although it exits with 0."""
    _run(shell, "perl -e '$SIG{INT} = sub { exit 0 }; sleep 60'", "\x03")
    (entry,) = read_entries()
    assert (0, True) == (entry.exit_status, entry.is_interrupted)


def test_password(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """What the terminal does not show while it is typed is not recorded."""
    _run(shell, "read -rs SECRET", "geheim\r")
    (entry,) = read_entries()
    assert (True, (), "") == (entry.has_hidden_input, entry.typed_input, entry.keys)


@pytest.mark.parametrize("path", ["/root/edited.txt", "/tmp/edited.txt"])
def test_editor(path: str, shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """The files that an editor writes are recorded with their content at that moment, on every file system."""
    shell.type_text(f"vi {path} && true\r")
    time.sleep(1.5)
    shell.type_text("ihello\x1b:wq\r")
    shell.read_until(_PROMPT)
    _run(shell, f"echo later > {path}")
    files = [(file.path, file.content) for file in read_entries()[0].written_files]
    assert [(path, b"hello\n")] == files


def test_identifiers(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """The objects that a line names by their identifiers are recorded as they were before it ran."""
    output = _run(shell, "docker run --detach --name named --network none alpine sleep 60")
    identifier = re.search(r"\b[0-9a-f]{64}\b", output)
    assert identifier
    _run(shell, "alias d=docker")
    words = [identifier[0][:length] for length in (12, 6, 4, 3)]
    _run(shell, f"docker inspect named {' '.join(words)} --format 80")
    _run(shell, f"d rm --force {words[-1]}")
    recorded = [[(named.word, named.details["Name"]) for named in entry.objects] for entry in read_entries()[2:]]
    assert [[(word, "/named") for word in words], [(words[-1], "/named")]] == recorded


def test_shell_in_a_container(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """The keystrokes for a shell in a container are recorded."""
    _run(shell, "docker run --interactive --tty --rm --network none alpine sh", "touch /made\r", "exit\r")
    (entry,) = read_entries()
    assert entry.keys.endswith("touch /made\rexit\r")


def test_shell_in_a_shell(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """The lines of a shell that is started in the shell are recorded too."""
    _run(shell, "bash")
    _run(shell, "true nested")
    _run(shell, "exit")
    assert [("bash", True), ("true nested", False), ("exit", False)] == [
        (entry.command_line, entry.has_recorded_shell) for entry in read_entries()
    ]


def test_program_that_still_runs(shell: PseudoTerminal, read_entries: ReadEntries) -> None:
    """A program is known to run until it has ended."""
    shell.type_text("sleep 300\r")
    (running,) = _wait_for_entries(read_entries, 1)
    shell.type_text("\x03")
    shell.read_until(_PROMPT)
    (ended,) = read_entries()
    assert [("sleep 300", None, True), ("sleep 300", 130, False)] == [
        (entry.command_line, entry.exit_status, entry.is_running) for entry in (running, ended)
    ]


def test_exit_with_a_background_process(shell: PseudoTerminal) -> None:
    """The shell ends at once, with its exit status, although a background process has its terminal open."""
    shell.type_text("sleep 60 & exit 3\r")
    assert 3 == shell.process.wait(20)


def test_piped_script(labs: LabsRunner, read_entries: ReadEntries) -> None:
    """A script that is piped into a shell is one entry, with its exit status."""
    result = labs("shell", "node1", "--lab", "trio", input="echo out-$((40 + 2))\nfalse\n")
    (entry,) = read_entries()
    assert ("out-42\n", 1) == (result.stdout, result.returncode)
    assert ("echo out-$((40 + 2))\nfalse", 1) == (entry.command_line, entry.exit_status)
