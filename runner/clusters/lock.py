"""Lets one command at a time change a cluster."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from runner import paths
from runner.clusters.driver import ClusterId
from runner.errors import UnfitError
from runner.story import Story


@contextmanager
def images(story: Story) -> Iterator[None]:
    """Hold the lock of the images, which all projects share; waits for as long as another command builds them."""
    folder = paths.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "images.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with story.step("Waiting for another labs command that builds images"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def held(cluster: ClusterId) -> Iterator[None]:
    """Hold the cluster's lock; the system releases it however this process ends.

    Raises:
        UnfitError: Another command holds it.

    """
    folder = paths.state_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{cluster}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnfitError(
                f"Another 'labs' command is starting, halting or removing '{cluster}' right now.",
                "Wait for it to end, then type this again.",
            ) from None
        yield
