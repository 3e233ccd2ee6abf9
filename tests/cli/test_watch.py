"""`labs watch` and its terminal, where no engine answers."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.text import Text

from runner.cli import _fullscreen
from tests.support import helpers
from tests.support.emulated_screen import ScreenTerminal

LESSON = f"{helpers.FRONT_MATTER}## Look around {{#look}}\n\n## Read on {{#read}}\n"
COLOUR = re.compile(rb"\x1b\[[\d;]*(?:3|4|9|10)[0-7]")
TAKEN, GIVEN_BACK = b"\x1b[?1049h\x1b[H\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
Open = Callable[..., ScreenTerminal]


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens `labs watch tiny` on a new terminal."""
    helpers.write_lab(tmp_path, LESSON)
    opened: list[ScreenTerminal] = []

    def open_(columns: int = 70, rows: int = 14, **variables: str) -> ScreenTerminal:
        environment = helpers.build_environment(tmp_path, **variables)
        display = ScreenTerminal([sys.executable, "-m", "runner", "watch", "tiny"], environment, columns, rows)
        opened.append(display)
        display.wait_for("No Docker Engine answers")
        return display

    yield open_
    for display in opened:
        display.close()


def test_no_terminal(tmp_path: Path) -> None:
    """Without a terminal it exits with 2, draws nothing, and suggests a command that needs none."""
    helpers.write_lab(tmp_path, LESSON)
    result = helpers.run_labs(tmp_path, "watch", "tiny", TERM="xterm")
    assert (2, "") == (result.returncode, result.stdout)
    assert [
        "'labs watch' needs a terminal.",
        "'labs check' prints the same results once, anywhere.",
    ] == result.stderr.splitlines()


def test_unknown_lab(tmp_path: Path) -> None:
    """An unknown lab exits with 2 and leaves the terminal alone."""
    helpers.write_lab(tmp_path, LESSON)
    display = ScreenTerminal([sys.executable, "-m", "runner", "watch", "tin"], helpers.build_environment(tmp_path))
    assert 2 == display.wait_for_exit()
    assert TAKEN not in display.received
    assert "Did you mean tiny?" in display.screen_text
    display.close()


def test_first_screen(watching: Open) -> None:
    """It shows the lesson's steps, why the cluster is not visible and what to do, and the keys."""
    assert [
        " Tiny                                                    0 of 2 steps",
        "━" * 70,
        " ! No Docker Engine answers at unix:///nonexistent.sock.",
        "   Start it ('sudo systemctl start docker', or Docker Desktop) or",
        "   install it ('sudo apt-get install docker.io'), then run 'labs",
        "   doctor'.",
        " · Look around",
        " · Read on",
        *[""] * 5,
        " h hint   s solution   ↑↓ steps   r check now   q quit",
    ] == watching().screen_lines


def test_quit(watching: Open) -> None:
    """The key q exits with 0 and restores the terminal."""
    display = watching()
    display.type_text("q")
    assert 0 == display.wait_for_exit()
    assert display.received.startswith(TAKEN)
    assert display.received.endswith(GIVEN_BACK)


@pytest.mark.parametrize("end", ["\x03", signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "kill", "window closed"])
def test_interrupted(end: str | signal.Signals, watching: Open) -> None:
    """Ctrl-C, SIGTERM and a closed window exit with 130 and restore the terminal."""
    display = watching()
    during = display.terminal_modes
    if isinstance(end, str):
        display.type_text(end)
    else:
        display.process.send_signal(end)
    assert 130 == display.wait_for_exit()
    assert GIVEN_BACK in display.received
    assert during != display.terminal_modes


def test_terminal_modes(watching: Open, tmp_path: Path) -> None:
    """Typed keys are not echoed while it runs, and are echoed afterwards."""
    untouched = ScreenTerminal(["cat"], helpers.build_environment(tmp_path))
    display = watching()
    assert untouched.terminal_modes != display.terminal_modes
    display.type_text("q")
    display.wait_for_exit()
    assert untouched.terminal_modes == display.terminal_modes
    untouched.close()


def test_suspend(watching: Open) -> None:
    """Ctrl-Z restores the terminal, and `fg` draws the screen again."""
    display = watching()
    display.type_text("\x1a")
    state = Path(f"/proc/{display.process.pid}/stat")
    deadline = time.monotonic() + 10
    while ") T " not in state.read_text("ascii") and time.monotonic() < deadline:
        display.read_output(0.1)
    display.read_output(0.5)
    assert display.received.endswith(GIVEN_BACK)
    display.clear_screen()
    display.process.send_signal(signal.SIGCONT)
    display.wait_for("Look around")
    display.type_text("q")
    assert 0 == display.wait_for_exit()


def test_resize(watching: Open) -> None:
    """The screen adapts to a new window size without a key press."""
    display = watching()
    display.resize(20, 50)
    display.wait_for(lambda _: display.screen_lines[-1].startswith(" h hint") and "━" * 50 == display.screen_lines[1])
    display.resize(8, 40)
    display.wait_for(lambda _: display.screen_lines[-1].startswith(" h hint") and "━" * 40 == display.screen_lines[1])


def test_no_flicker(watching: Open) -> None:
    """Nothing is written while nothing changes, so nothing flickers."""
    display = watching()
    display.read_output(1)
    sent = display.received
    display.read_output(3)
    assert sent == display.received


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}], ids=["colour", "NO_COLOR"])
def test_colour(variables: dict[str, str], watching: Open) -> None:
    """The screen is coloured, unless NO_COLOR is set."""
    assert bool(COLOUR.search(watching(**variables).received)) is not bool(variables)


def test_control_characters() -> None:
    """Control characters are replaced one by one, so that other text keeps its column."""
    shown = _fullscreen._replace_control_chars(Text.assemble("web\x1b[2J.1 ", ("exited", "red")))
    assert ("web\N{REPLACEMENT CHARACTER}[2J.1 exited", "exited") == (
        shown.plain,
        shown.plain[slice(*shown.spans[0][:2])],
    )
