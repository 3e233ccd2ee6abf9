"""The interface through which long operations report their progress, without knowing how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

DetailCallback = Callable[[str], None]


class StatusReporter(Protocol):
    """Shows the named steps of an operation."""

    def report_step(self, name: str) -> AbstractContextManager[DetailCallback]:
        """Show a step as running during the block, and its outcome afterwards; yield a function that shows details."""
        ...


class NullReporter:
    """Shows nothing."""

    @contextmanager
    def report_step(self, name: str) -> Iterator[DetailCallback]:
        """Show nothing during the block."""
        yield lambda _detail: None
