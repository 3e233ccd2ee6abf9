"""Locks that keep two pushes from sending the same layer at once, which a registry can answer with an error."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager


class LayerLocks:
    """Locks for the layers that a registry does not have yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layer_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._pushed: set[str] = set()

    @contextmanager
    def hold_missing_layers(self, layers: Iterable[str]) -> Iterator[None]:
        """Hold the locks of the layers that are not pushed yet, while the block pushes them.

        Args:
            layers: The digests of all layers of the image that the block pushes.

        """
        names = sorted(set(layers))
        with ExitStack() as held:
            # All pushes take locks in the order of their names, so two never wait for each other.
            for name in names:
                with self._lock:
                    layer_lock = self._layer_locks[name]
                layer_lock.acquire()
                if name in self._pushed:
                    layer_lock.release()
                else:
                    held.callback(layer_lock.release)
            yield
            self._pushed.update(names)
