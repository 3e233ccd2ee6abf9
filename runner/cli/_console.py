"""Console output that all commands share: consoles, status output, and suggested commands."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING

from rich.console import Console
from rich.pager import SystemPager
from rich.text import Text

from runner import sanitize
from runner.cli import _output_encoding
from runner.status import DetailCallback, StatusReporter

if TYPE_CHECKING:
    from rich.console import Group


@cache
def get_stdout() -> Console:
    """Return the console for a command's results; rich respects NO_COLOR and detects whether it is a terminal."""
    return Console(highlight=False, emoji=False, soft_wrap=not Console().is_terminal)


@cache
def get_stderr() -> Console:
    """Return the console for status output and warnings."""
    return Console(stderr=True, highlight=False, emoji=False)


class _EncodingPager(SystemPager):
    def show(self, content: str) -> None:
        super().show(_output_encoding.replace_unencodable_chars(content))


def page_stdout() -> AbstractContextManager[object]:
    """Return a context manager that shows what is printed to standard output, a terminal, in the user's pager."""
    console = get_stdout()
    return console.pager(_EncodingPager(), styles=not console.no_color)


def print_suggested_commands(commands: Sequence[tuple[str, str]], heading: str = "") -> None:
    """Print commands to type next.

    Args:
        commands: Each command, with a few words on what it is for.
        heading: The line above them, if any.

    """
    console = get_stdout()
    if heading:
        console.print(Text(heading, style="bold"), soft_wrap=True)
    width = max(len(command) for command, _ in commands)
    for command, purpose in commands:
        console.print(Text.assemble("  ", (f"{command:<{width}}", "cyan"), f"  {purpose}"), soft_wrap=True)


def create_status_reporter() -> StatusReporter:
    """Return a reporter that shows steps live on a terminal, and as one line per step elsewhere."""
    return _LiveReporter() if get_stderr().is_terminal else _LogReporter()


class _LiveReporter:
    @contextmanager
    def report_step(self, name: str) -> Iterator[DetailCallback]:
        # Imported here, because the import takes time, and only a terminal needs it.
        from rich.live import Live

        start_time = time.monotonic()
        line = _StepLine(name, start_time)
        symbol = Text("✓ ", style="green")
        try:
            with Live(line, console=get_stderr(), refresh_per_second=12, transient=True):
                yield line.set_detail
        except BaseException:
            symbol = Text("✗ ", style="red")
            raise
        finally:
            detail = (f"  {line.detail}" if line.detail else "", "dim")
            elapsed = _format_elapsed(time.monotonic() - start_time)
            get_stderr().print(Text.assemble(symbol, name, detail, elapsed))


class _StepLine:
    """One running step; rendered again at every refresh, so that its time advances."""

    def __init__(self, name: str, start_time: float) -> None:
        from rich.spinner import Spinner

        self.name = name
        self.detail = ""
        self._start_time = start_time
        self._spinner = Spinner("dots", style="cyan")
        self._lock = threading.Lock()

    def set_detail(self, detail: str) -> None:
        with self._lock:
            self.detail = detail

    def __rich__(self) -> Text:
        frame = self._spinner.render(time.monotonic())
        symbol = frame if isinstance(frame, Text) else Text("·")
        detail = (f"  {self.detail[:60]}" if self.detail else "", "dim")
        return Text.assemble(symbol, " ", self.name, detail, _format_elapsed(time.monotonic() - self._start_time))


class _LogReporter:
    @contextmanager
    def report_step(self, name: str) -> Iterator[DetailCallback]:
        start_time = time.monotonic()
        detail = ""

        def set_detail(text: str) -> None:
            nonlocal detail
            detail = text

        # The name comes first, so that a log shows which step is taking so long.
        self._write(f"{name} ...", end="")
        try:
            yield set_detail
        except BaseException:
            self._write(" failed")
            raise
        self._write(f"{f' {detail},' if detail else ''} {time.monotonic() - start_time:.1f} s")

    def _write(self, text: str, end: str = "\n") -> None:
        get_stderr().print(text, end=end, soft_wrap=True, markup=False)
        get_stderr().file.flush()


def _format_elapsed(seconds: float) -> tuple[str, str]:
    return (f"  {seconds:.1f} s", "dim")


class LiveJobLines:
    """Shows what several parallel jobs are doing, one line per job; may be called from several threads.

    Args:
        name_width: How many columns the jobs' names take.

    """

    def __init__(self, name_width: int) -> None:
        from rich.spinner import Spinner

        self._name_width = name_width
        self._lines: dict[str, str] = {}
        self._spinner = Spinner("dots", style="cyan")

    def set_line(self, name: str, line: str) -> None:
        """Show a line for a job."""
        # Replaced rather than changed: another thread may be rendering the current lines.
        self._lines = {**self._lines, name: line.strip()}

    def remove_line(self, name: str) -> None:
        """Remove the line of a job."""
        self._lines = {other: line for other, line in self._lines.items() if other != name}

    def __rich__(self) -> Group:
        """Render all lines, and a spinner below them."""
        from rich.console import Group

        return Group(*(self._render_line(name, line) for name, line in self._lines.items()), self._spinner)

    def _render_line(self, name: str, line: str) -> Text:
        label = f"{sanitize.strip_control_chars(name):<{self._name_width}} "
        return Text.assemble("  ", (label, "bold"), (line, "dim"), no_wrap=True, overflow="ellipsis")
