"""What all commands share of the terminal: colours, and stories shown step by step."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console
from rich.text import Text

from runner.status import DetailCallback, StatusReporter


@cache
def out() -> Console:
    """Return the console for what a command is asked for; rich itself honours NO_COLOR and a missing terminal."""
    return Console(highlight=False, soft_wrap=not Console().is_terminal)


@cache
def err() -> Console:
    """Return the console for what is said on the way."""
    return Console(stderr=True, highlight=False)


def status_reporter() -> StatusReporter:
    """Return a story that shows steps live on a terminal, and as plain lines elsewhere."""
    return _LiveReporter() if err().is_terminal else _PlainReporter()


class _LiveReporter:
    @contextmanager
    def step(self, name: str) -> Iterator[DetailCallback]:
        # Where there is no terminal, nobody waits for this to be imported.
        from rich.live import Live

        began = time.monotonic()
        line = _Line(name, began)
        with Live(line, console=err(), refresh_per_second=12, transient=True):
            try:
                yield line.tell
            except BaseException:
                line.mark = Text("✗ ", style="red")
                raise
            finally:
                elapsed = time.monotonic() - began
                mark = line.mark or Text("✓ ", style="green")
        err().print(Text.assemble(mark, name, (f"  {line.detail}" if line.detail else "", "dim"), _seconds(elapsed)))


class _Line:
    """One running step, drawn anew at every refresh so that its time goes on."""

    def __init__(self, name: str, began: float) -> None:
        from rich.spinner import Spinner

        self.name = name
        self.detail = ""
        self.mark: Text | None = None
        self._began = began
        self._spinner = Spinner("dots", style="cyan")
        self._lock = threading.Lock()

    def tell(self, detail: str) -> None:
        with self._lock:
            self.detail = detail

    def __rich__(self) -> Text:
        frame = self._spinner.render(time.monotonic())
        detail = (f"  {self.detail[:60]}" if self.detail else "", "dim")
        head = frame if isinstance(frame, Text) else Text("·")
        return Text.assemble(head, " ", self.name, detail, _seconds(time.monotonic() - self._began))


class _PlainReporter:
    @contextmanager
    def step(self, name: str) -> Iterator[DetailCallback]:
        began = time.monotonic()
        last = [""]
        # A log shows what takes so long while it does.
        self._say(f"{name} ...", end="")
        try:
            yield lambda detail: last.__setitem__(0, detail)
        except BaseException:
            self._say(" failed")
            raise
        detail = f" {last[0]}," if last[0] else ""
        self._say(f"{detail} {time.monotonic() - began:.1f} s")

    def _say(self, text: str, end: str = "\n") -> None:
        err().print(text, end=end, soft_wrap=True, markup=False)
        err().file.flush()


def _seconds(elapsed: float) -> tuple[str, str]:
    return (f"  {elapsed:.1f} s", "dim")
