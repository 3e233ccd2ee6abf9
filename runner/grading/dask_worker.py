"""What makes a Dask worker one that grades.

    dask worker ADDRESS --preload runner.grading.dask_worker

offers this machine's memory for grading; its threads say how many processors there are to use. A worker without it is
never given a submission. The interfaces are Dask's own: preload modules, worker resources, worker plugins
(https://distributed.dask.org/en/stable/customize-initialization.html, .../resources.html, .../plugins.html).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distributed import Reschedule, Worker, WorkerPlugin, get_worker

from runner import __version__, paths
from runner.checking.parallel_verify import FREE_MEMORY_SHARE
from runner.clusters import lifecycle, selection
from runner.errors import HostError, LabsError
from runner.grading.batch import hash_inputs
from runner.grading.executor import ExecutorError, LocalExecutor
from runner.grading.job import Job
from runner.grading.snapshot import Parcel
from runner.grading.submission_grader import is_grading_cluster
from runner.lessons import catalog
from runner.storage import locks

RESOURCE_PREFIX = "labs memory of "
# Workers with another version of labs offer another resource, and so get nothing of ours to do.
MEMORY_RESOURCE = f"{RESOURCE_PREFIX}{__version__}"
TASK_PREFIX = "labs-grade"
# The processes of a worker that was killed are told of its end, and remove their nodes.
_LEAVING_SECONDS = 10

_places: dict[str, LocalExecutor] = {}
# A task may be cancelled before it has begun here, or when it has just ended.
_cancelled: set[str] = set()


async def dask_setup(worker: Worker) -> None:
    """Offer this machine for grading, once it is tidy; Dask calls this before the worker is known to the scheduler."""
    await asyncio.to_thread(_clear)
    # `set_resources` is for workers that the scheduler knows already.
    for resources in (worker.state.total_resources, worker.state.available_resources):
        resources[MEMORY_RESOURCE] = int(selection.measure_free_memory() * FREE_MEMORY_SHARE)
    await worker.plugin_add(_Ending(), name=TASK_PREFIX)


def grade(parcel: Parcel, hashes: Mapping[str, str], topic: str) -> str:
    """Grade a submission on this machine; lines on what is being done go to a topic, with the task's key.

    Returns:
        The grade, as JSON.

    Raises:
        BrokenLabError: The lab or its checks are broken.
        UnfitPlaceError: This machine cannot grade, or its lab is another one.
        Reschedule: The worker is being ended.

    """
    worker = get_worker()
    key = str(worker.get_current_task())
    here = _places[key] = LocalExecutor(1)
    if key in _cancelled:
        here.interrupt()

    def tell(line: str) -> None:
        worker.log_event(topic, [key, line])

    try:
        # There Dask itself clears away what a killed worker has left.
        with tempfile.TemporaryDirectory(dir=worker.local_directory) as folder, contextlib.suppress(KeyboardInterrupt):
            job = parcel.unpack(Path(folder))
            tell(f"on {socket.gethostname()}")
            _require_fit(job, hashes)
            found = here.ask(job, hashes, tell)
    except OSError as error:
        raise ExecutorError(f"On {_this()}: {error}.", "Look into it there, or end that worker.") from error
    finally:
        del _places[key]
    if here.interrupted:
        raise Reschedule
    return json.dumps(found.as_json())


def count_running(run: str) -> int:
    """Return how many submissions of a run are being graded by this process."""
    return sum(key.startswith(run) for key in list(_places))


class _Ending(WorkerPlugin):
    """Ends the grading of what nobody waits for any more; a thread cannot be ended by Dask itself."""

    def transition(self, key: object, start: str, finish: str, **_more: Any) -> None:
        """Be told what becomes of a task: it is released while it runs when its client has cancelled it, or is gone."""
        if (start, finish) == ("executing", "released") and str(key).startswith(TASK_PREFIX):
            _cancelled.add(str(key))
            if here := _places.get(str(key)):
                here.interrupt()

    def teardown(self, worker: Worker) -> None:
        """Be told that the worker is ended."""
        for here in list(_places.values()):
            here.interrupt()


def _require_fit(job: Job, hashes: Mapping[str, str]) -> None:
    try:
        own = hash_inputs(job)
        selection.load_driver(job.driver).check_support(catalog.load_lab(job.lab).lesson.needs, f"'{job.lab}'")
    except LabsError as error:
        raise ExecutorError(f"On {_this()}: {error.message}", f"{error.advice} That is to be done there.") from error
    other = [name for name in ("lab", "checks") if own[name] != hashes[name]]
    if other:
        raise ExecutorError(
            f"The {' and the '.join(other)} of '{job.lab}' on {_this()} are not what they are here.",
            f"Let {paths.labs_folder().parent} there hold the same files as here, then type this again.",
        )


def _this() -> str:
    return f"the Dask worker {get_worker().address} on {socket.gethostname()}"


def _clear() -> None:
    """Remove the nodes that a worker has left which was killed together with all that it had started."""
    for driver in selection.load_drivers_with_clusters():
        with contextlib.suppress(HostError):
            for cluster in filter(lambda one: is_grading_cluster(one.id), driver.list_clusters()):
                # What is being graded by somebody else is theirs.
                with contextlib.suppress(HostError), locks.reserve_cluster(str(cluster.id), _LEAVING_SECONDS):
                    lifecycle.remove(driver, cluster.id)
