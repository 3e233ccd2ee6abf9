"""`labs watch` and the terminal it stands on, where no engine answers."""

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
from tests import helpers
from tests.screen import Display

LESSON = f"{helpers.FRONT_MATTER}## Look around {{#look}}\n\n## Read on {{#read}}\n"
COLOUR = re.compile(rb"\x1b\[[\d;]*(?:3|4|9|10)[0-7]")
TAKEN, GIVEN_BACK = b"\x1b[?1049h\x1b[H\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
Open = Callable[..., Display]


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Open]:
    """Return what opens `labs watch tiny` on a terminal of its own."""
    helpers.write_lab(tmp_path, LESSON)
    opened: list[Display] = []

    def open_(columns: int = 70, rows: int = 14, **more: str) -> Display:
        environment = helpers.build_environment(tmp_path, **more)
        display = Display([sys.executable, "-m", "runner", "watch", "tiny"], environment, columns, rows)
        opened.append(display)
        display.await_("No Docker Engine answers")
        return display

    yield open_
    for display in opened:
        display.close()


def test_no_terminal(tmp_path: Path) -> None:
    """Without a terminal it ends with 2, draws nothing, and names the command that needs none."""
    helpers.write_lab(tmp_path, LESSON)
    done = helpers.run_labs(tmp_path, "watch", "tiny", TERM="xterm")
    assert (2, "") == (done.returncode, done.stdout)
    assert [
        "'labs watch' needs a terminal.",
        "'labs check' prints the same results once, anywhere.",
    ] == done.stderr.splitlines()


def test_unknown_lab(tmp_path: Path) -> None:
    """A lab that there is not leaves the terminal alone and ends with 2."""
    helpers.write_lab(tmp_path, LESSON)
    display = Display([sys.executable, "-m", "runner", "watch", "tin"], helpers.build_environment(tmp_path))
    assert 2 == display.ended()
    assert TAKEN not in display.sent
    assert "Did you mean tiny?" in display.text
    display.close()


def test_first_screen(watching: Open) -> None:
    """It shows the lesson's steps, why the cluster cannot be seen and what to do about it, and the keys."""
    assert [
        " Tiny                                                    0 of 2 steps",
        "━" * 70,
        " ! No Docker Engine answers at unix:///nonexistent.sock.",
        "   Start it ('sudo systemctl start docker', or Docker Desktop) or",
        "   install it ('sudo apt-get install docker.io'), then 'labs doctor'.",
        " · Look around",
        " · Read on",
        *[""] * 6,
        " h hint   s solution   ↑↓ steps   r check now   q quit",
    ] == watching().lines


def test_quit(watching: Open) -> None:
    """The key q ends it with 0, and the terminal is as it was."""
    display = watching()
    display.type("q")
    assert 0 == display.ended()
    assert display.sent.startswith(TAKEN)
    assert display.sent.endswith(GIVEN_BACK)


@pytest.mark.parametrize("end", ["\x03", signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "kill", "window closed"])
def test_interrupted(end: str | signal.Signals, watching: Open) -> None:
    """Ctrl-C and its like end it with 130, as any command, and the terminal is as it was."""
    display = watching()
    during = display.modes
    if isinstance(end, str):
        display.type(end)
    else:
        display.process.send_signal(end)
    assert 130 == display.ended()
    assert GIVEN_BACK in display.sent
    assert during != display.modes


def test_terminal_modes(watching: Open, tmp_path: Path) -> None:
    """What is typed is not echoed while it runs, and is after it."""
    untouched = Display(["cat"], helpers.build_environment(tmp_path))
    display = watching()
    assert untouched.modes != display.modes
    display.type("q")
    display.ended()
    assert untouched.modes == display.modes
    untouched.close()


def test_suspend(watching: Open) -> None:
    """Ctrl-Z gives the terminal back, and when it goes on, the screen is drawn again."""
    display = watching()
    display.type("\x1a")
    state = Path(f"/proc/{display.process.pid}/stat")
    deadline = time.monotonic() + 10
    while ") T " not in state.read_text("ascii") and time.monotonic() < deadline:
        display.follow(0.1)
    display.follow(0.5)
    assert display.sent.endswith(GIVEN_BACK)
    display.clear()
    display.process.send_signal(signal.SIGCONT)
    display.await_("Look around")
    display.type("q")
    assert 0 == display.ended()


def test_resize(watching: Open) -> None:
    """When the window changes its size the screen follows, without a key being pressed."""
    display = watching()
    display.resize(20, 50)
    display.await_(lambda _: display.lines[-1].startswith(" h hint") and "━" * 50 == display.lines[1])
    display.resize(8, 40)
    display.await_(lambda _: display.lines[-1].startswith(" h hint") and "━" * 40 == display.lines[1])


def test_calm(watching: Open) -> None:
    """While nothing changes nothing is sent, so nothing flickers."""
    display = watching()
    display.follow(1)
    sent = display.sent
    display.follow(3)
    assert sent == display.sent


@pytest.mark.parametrize("more", [{}, {"NO_COLOR": "1"}], ids=["colour", "NO_COLOR"])
def test_colour(more: dict[str, str], watching: Open) -> None:
    """There is colour, unless NO_COLOR says that there should be none."""
    assert bool(COLOUR.search(watching(**more).sent)) is not bool(more)


def test_harmless() -> None:
    """What a terminal would obey is shown and not sent, and nothing beside it moves."""
    shown = _fullscreen._replace_control_chars(Text.assemble("web\x1b[2J.1 ", ("exited", "red")))
    assert ("web\N{REPLACEMENT CHARACTER}[2J.1 exited", "exited") == (
        shown.plain,
        shown.plain[slice(*shown.spans[0][:2])],
    )
