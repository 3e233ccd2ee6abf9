"""Pushes that share a layer which the registry does not have wait for each other; others do not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from runner.drivers.docker.layer_locks import LayerLocks


def test_pushed_layers_are_free() -> None:
    """Once a layer is pushed, images that contain it are pushed at the same time."""
    locks = LayerLocks()
    with locks.hold_missing_layers(["base"]):
        pass
    with ThreadPoolExecutor() as pool:
        both_hold = threading.Barrier(2, timeout=10)

        def push(layer: str) -> None:
            with locks.hold_missing_layers(["base", layer]):
                both_hold.wait()

        list(pool.map(push, ["one", "two"]))


def test_missing_layer_is_pushed_once() -> None:
    """While one push sends a missing layer, another push that needs it waits; it may go on even if the first fails."""
    locks = LayerLocks()
    order: list[str] = []

    def push_second() -> None:
        with locks.hold_missing_layers(["base", "other"]):
            order.append("second")

    second = threading.Thread(target=push_second)
    try:
        with locks.hold_missing_layers(["base"]):
            second.start()
            second.join(0.1)
            order.append("first")
            raise ConnectionError
    except ConnectionError:
        second.join(10)
    assert ["first", "second"] == order
