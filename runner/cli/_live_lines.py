"""What is being done just now, a line for each of several things."""

from __future__ import annotations

from rich.console import Group
from rich.spinner import Spinner
from rich.text import Text

from runner import sanitize


class Lines:
    """Shows lines live; told from several threads.

    Args:
        width: How wide the names are.

    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: dict[str, str] = {}
        self._spinner = Spinner("dots", style="cyan")

    def tell(self, name: str, line: str) -> None:
        """Show a line for what is called so."""
        # Another thread may be drawing the one there is.
        self._lines = {**self._lines, name: line.strip()}

    def drop(self, name: str) -> None:
        """Show nothing more of it."""
        self._lines = {other: line for other, line in self._lines.items() if other != name}

    def __rich__(self) -> Group:
        """Draw them all."""
        return Group(*(self._drawn(*one) for one in self._lines.items()), self._spinner)

    def _drawn(self, name: str, line: str) -> Text:
        shown = f"{sanitize.strip_control_chars(name):<{self._width}} "
        return Text.assemble("  ", (shown, "bold"), (line, "dim"), no_wrap=True, overflow="ellipsis")
