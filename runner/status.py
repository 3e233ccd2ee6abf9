"""How long work says what it is doing, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

DetailCallback = Callable[[str], None]


class StatusReporter(Protocol):
    """Shows a story of named steps."""

    def step(self, name: str) -> AbstractContextManager[DetailCallback]:
        """Show a step while the block runs, and how it ended after; what it yields takes details on the way."""
        ...


class NullReporter:
    """Shows nothing."""

    @contextmanager
    def step(self, name: str) -> Iterator[DetailCallback]:
        """Show nothing while the block runs."""
        yield lambda _detail: None
