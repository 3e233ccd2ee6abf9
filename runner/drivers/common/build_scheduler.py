"""Builds images two at a time, each after the image that it is based on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from runner.images.recipe import Recipe

# Two builds keep two cores busy; more would only slow each other down.
MAX_PARALLEL = 2


def build_in_dependency_order(
    recipes: Iterable[Recipe], build_image: Callable[[Recipe], None], cancel: Callable[[], None]
) -> None:
    """Build images, and cancel all running builds after one has failed.

    Args:
        recipes: The recipes to build; each comes after the recipe that it is based on.
        build_image: Builds the image of one recipe.
        cancel: Makes running builds end early.

    """
    builds: dict[str, Future[None]] = {}

    def build_after_base(recipe: Recipe) -> None:
        if recipe.base in builds:
            builds[recipe.base].result()
        build_image(recipe)

    with ThreadPoolExecutor(MAX_PARALLEL) as pool:
        try:
            for recipe in recipes:
                builds[recipe.name] = pool.submit(build_after_base, recipe)
            for completed in as_completed(builds.values()):
                completed.result()
        except BaseException:
            cancel()
            for future in builds.values():
                future.cancel()
            raise
