"""Tests of the order in which images are built."""

from __future__ import annotations

import threading
import time

import pytest

from runner.drivers.common import build_scheduler
from runner.images import recipe
from runner.images.recipe import Recipe


def list_recipes(*names: str) -> list[Recipe]:
    """Return recipes and the recipes they are based on, in build order."""
    return recipe.sort_in_build_order([recipe.load_recipes()[name] for name in names])


def test_order() -> None:
    """An image is built after the one that it is based on, and at most two are built at once."""
    done: list[str] = []
    running: set[str] = set()
    running_counts: list[int] = []

    def build(source: Recipe) -> None:
        running.add(source.name)
        running_counts.append(len(running))
        assert source.base == recipe.BASE or source.base in done
        time.sleep(0.01)
        running.remove(source.name)
        done.append(source.name)

    sources = list_recipes("vote-after", "vm", "redis", "whoami-traefik")
    build_scheduler.build_in_dependency_order(sources, build, lambda: None)
    assert {source.name for source in sources} == set(done)
    assert 2 == max(running_counts)


def test_failure() -> None:
    """After one build has failed, the running ones are cancelled and no further ones start."""
    started: list[str] = []
    cancelled = threading.Event()

    def build(source: Recipe) -> None:
        started.append(source.name)
        if source.name == "python":
            raise ValueError("disk full")
        assert cancelled.wait(5)

    with pytest.raises(ValueError, match="disk full"):
        build_scheduler.build_in_dependency_order(list_recipes("vote", "redis", "mysql"), build, cancelled.set)
    assert cancelled.is_set()
    assert not {"web", "vote"} & set(started)
