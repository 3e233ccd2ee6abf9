"""Images are built two at a time, each after what it stands on."""

from __future__ import annotations

import threading
import time

import pytest

from runner.drivers.common import build_scheduler
from runner.images import recipe
from runner.images.recipe import Recipe


def recipes(*names: str) -> list[Recipe]:
    """Return recipes with all they stand on."""
    return recipe.list_in_build_order([recipe.load_recipes()[name] for name in names])


def test_each_after_its_base() -> None:
    """An image is begun once what it stands on is done, and no more than two are built at once."""
    done: list[str] = []
    running: set[str] = set()
    most: list[int] = []

    def build(one: Recipe) -> None:
        running.add(one.name)
        most.append(len(running))
        assert one.base == recipe.BASE or one.base in done
        time.sleep(0.01)
        running.remove(one.name)
        done.append(one.name)

    wanted = recipes("vote-after", "vm", "redis", "whoami-traefik")
    build_scheduler.build_in_order(wanted, build, lambda: None)
    assert {one.name for one in wanted} == set(done)
    assert 2 == max(most)


def test_a_failure_ends_the_others() -> None:
    """Once one has failed, what runs is told to give up, and nothing more is begun."""
    begun: list[str] = []
    stop = threading.Event()

    def build(one: Recipe) -> None:
        begun.append(one.name)
        if one.name == "python":
            raise ValueError("no room")
        assert stop.wait(5)

    with pytest.raises(ValueError, match="no room"):
        build_scheduler.build_in_order(recipes("vote", "redis", "mysql"), build, stop.set)
    assert stop.is_set()
    assert not {"web", "vote"} & set(begun)
