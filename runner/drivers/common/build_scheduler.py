"""The order in which images are built: two at a time, and each after what it stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from runner.images.recipe import Recipe

# Two cores are kept busy by two builds; more only make each other slower.
AT_ONCE = 2


def build(recipes: Iterable[Recipe], build_one: Callable[[Recipe], None], give_up: Callable[[], None]) -> None:
    """Build images, and let none that runs go on once one has failed.

    Args:
        recipes: What to build, each after what it stands on.
        build_one: Builds one.
        give_up: Lets the running ones end early.

    """
    built: dict[str, Future[None]] = {}

    def make(one: Recipe) -> None:
        if one.on in built:
            built[one.on].result()
        build_one(one)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for one in recipes:
                built[one.name] = pool.submit(make, one)
            for done in as_completed(built.values()):
                done.result()
        except BaseException:
            give_up()
            for future in built.values():
                future.cancel()
            raise
