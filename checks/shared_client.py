"""One look at what is checked, shared by all checks of a run until one of them is not content with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, TypeVar

from checks.expect import eventually

L = TypeVar("L")
T = TypeVar("T")


class Shared(Generic[L]):
    """What is looked at.

    Args:
        look: Takes a new look.

    """

    def __init__(self, look: Callable[[], L]) -> None:
        self._look = look
        self._last: L | None = None

    def eventually(self, probe: Callable[[L], T]) -> T:
        """Ask something, again and again while the answer is `NotYet` and the run's patience lasts.

        Args:
            probe: Is given a look.

        Returns:
            What the probe returned.

        Raises:
            NotYet: The last one, once the patience is used up.

        """
        return eventually(lambda: self._try(probe))

    def _try(self, probe: Callable[[L], T]) -> T:
        look = self._last or self._look()
        self._last = None
        found = probe(look)
        self._last = look
        return found


def asked_of(fixture: str, check: Callable[..., None]) -> Callable[..., None]:
    """Make a test of a check that is given a look, and then whatever other fixtures it names.

    Args:
        fixture: The name of the fixture that takes the looks.
        check: The check.

    """

    def test(**given: Any) -> None:
        given.pop(fixture).eventually(lambda look: check(look, **given))

    update_wrapper(test, check)
    del test.__wrapped__  # type: ignore[attr-defined]
    # Or pytest would look for a fixture of the look's name.
    _, *others = inspect.signature(check).parameters.values()
    looks = inspect.Parameter(fixture, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    test.__signature__ = inspect.Signature([looks, *others])  # type: ignore[attr-defined]
    return test
