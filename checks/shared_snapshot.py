"""One snapshot of the cluster, shared by all checks of a run until a check fails on it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, TypeVar

from checks.expect import eventually

S = TypeVar("S")
T = TypeVar("T")


class SharedSnapshot(Generic[S]):
    """Keeps one snapshot for several probes, and takes a new one after a probe fails.

    Args:
        take_snapshot: Takes a new snapshot of the current state.

    """

    def __init__(self, take_snapshot: Callable[[], S]) -> None:
        self._take_snapshot = take_snapshot
        self._snapshot: S | None = None

    def eventually(self, probe: Callable[[S], T]) -> T:
        """Call a probe with a snapshot, and again with a new one while it raises `NotYet` and the wait budget lasts.

        Args:
            probe: Reads the state from the snapshot that it is given.

        Returns:
            The probe's return value.

        Raises:
            NotYet: The last one that the probe raised before the budget ran out.

        """
        return eventually(lambda: self._call_probe(probe))

    def _call_probe(self, probe: Callable[[S], T]) -> T:
        snapshot = self._snapshot or self._take_snapshot()
        # Keep the snapshot only if the probe succeeds: a retry needs a new one.
        self._snapshot = None
        result = probe(snapshot)
        self._snapshot = snapshot
        return result


def make_snapshot_test(fixture: str, check: Callable[..., None]) -> Callable[..., None]:
    """Turn a check that takes a snapshot as its first argument into a pytest test that retries it.

    Args:
        fixture: The name of the fixture that returns the `SharedSnapshot`.
        check: The check. All parameters after the first one are fixtures.

    """

    def test(**fixtures: Any) -> None:
        fixtures.pop(fixture).eventually(lambda snapshot: check(snapshot, **fixtures))

    update_wrapper(test, check)
    del test.__wrapped__  # type: ignore[attr-defined]
    # Otherwise pytest would look for a fixture with the name of the check's first parameter.
    _, *other_parameters = inspect.signature(check).parameters.values()
    snapshot_parameter = inspect.Parameter(fixture, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    test.__signature__ = inspect.Signature([snapshot_parameter, *other_parameters])  # type: ignore[attr-defined]
    return test
