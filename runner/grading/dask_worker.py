"""A preload module that lets a Dask worker grade submissions for `dask_executor`.

    dask worker ADDRESS --preload runner.grading.dask_worker

offers the worker's memory for grading, and one submission at a time per thread. Workers without this module never get a
submission. It uses Dask's preload modules, worker resources and worker plugins
(https://distributed.dask.org/en/stable/customize-initialization.html, .../resources.html, .../plugins.html).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any

from distributed import Reschedule, Worker, WorkerPlugin, get_worker

from runner import __version__, paths
from runner.checking.parallel_verify import FREE_MEMORY_SHARE
from runner.clusters import lifecycle, selection
from runner.errors import HostError, LabsError
from runner.grading import grade_model
from runner.grading.executor import ExecutorError
from runner.grading.job import PackedJob, hash_lab_and_checks
from runner.grading.local_executor import LocalExecutor
from runner.grading.submission_grader import is_grading_cluster
from runner.lessons import catalog
from runner.storage import locks

RESOURCE_PREFIX = "labs memory of "
# The version is part of the name, so that workers with another version of labs get no tasks from this one.
MEMORY_RESOURCE = f"{RESOURCE_PREFIX}{__version__}"
TASK_PREFIX = "labs-grade"
# The grading processes of a killed worker receive a signal and remove their nodes themselves.
_LEFTOVER_WAIT_SECONDS = 10

_executors: dict[str, LocalExecutor] = {}
# A task can be cancelled before it starts on this worker, or just after it ended.
_cancelled_tasks: set[str] = set()


async def dask_setup(worker: Worker) -> None:
    """Remove leftovers, then offer this host's memory; Dask calls this before the scheduler knows the worker."""
    await asyncio.to_thread(_remove_leftovers)
    # `set_resources` works only for workers that the scheduler knows already.
    for resources in (worker.state.total_resources, worker.state.available_resources):
        resources[MEMORY_RESOURCE] = int(selection.measure_free_memory() * FREE_MEMORY_SHARE)
    await worker.plugin_add(_CancelPlugin(), name=TASK_PREFIX)


def grade_job_to_json(packed: PackedJob, topic: str) -> str:
    """Grade a submission on this worker; status lines go to a Dask topic, each with the task's key.

    Returns:
        The grade, as JSON.

    Raises:
        BrokenLabError: The lab or its checks are broken.
        ExecutorError: This worker cannot grade, or its lab differs from the client's.
        Reschedule: The worker is being stopped.

    """
    worker = get_worker()
    key = str(worker.get_current_task())
    # Dask removes its own folder when it restarts a worker that was killed.
    executor = _executors[key] = LocalExecutor(1, Path(worker.local_directory))
    if key in _cancelled_tasks:
        executor.interrupt_jobs()

    def report_status(line: str) -> None:
        worker.log_event(topic, [key, line])

    try:
        with contextlib.suppress(KeyboardInterrupt):
            report_status(f"on {socket.gethostname()}")
            _check_worker(packed)
            grade = executor.grade_job(packed, report_status)
    except OSError as error:
        raise ExecutorError(f"On {_describe_worker()}: {error}.", "Fix this there, or stop that worker.") from error
    finally:
        del _executors[key]
    if executor.is_interrupted:
        raise Reschedule
    return grade_model.encode_grade_json(grade)


def count_running_jobs(run_id: str) -> int:
    """Return how many submissions of a run this process is grading."""
    return sum(key.startswith(run_id) for key in list(_executors))


class _CancelPlugin(WorkerPlugin):
    """Stops the grading jobs of cancelled tasks; Dask itself cannot stop a thread."""

    def transition(self, key: object, start: str, finish: str, **_more: Any) -> None:
        """Handle a task's change of state: a running task is released if its client cancelled it or disconnected."""
        if (start, finish) == ("executing", "released") and str(key).startswith(TASK_PREFIX):
            _cancelled_tasks.add(str(key))
            if executor := _executors.get(str(key)):
                executor.interrupt_jobs()

    def teardown(self, worker: Worker) -> None:
        """Stop all grading jobs when the worker is stopped."""
        for executor in list(_executors.values()):
            executor.interrupt_jobs()


def _check_worker(packed: PackedJob) -> None:
    job = packed.job
    try:
        hashes = hash_lab_and_checks(job.lab, job.learner)
        selection.load_driver(job.driver).check_support(catalog.load_lab(job.lab).lesson.needs, f"'{job.lab}'")
    except LabsError as error:
        raise ExecutorError(f"On {_describe_worker()}: {error.message}", f"On that host: {error.advice}") from error
    different = [name for name in ("lab", "checks") if hashes[name] != packed.hashes[name]]
    if different:
        raise ExecutorError(
            f"The {' and the '.join(different)} of '{job.lab}' on {_describe_worker()} differ from those on this host.",
            f"Copy the files in {paths.labs_folder().parent} from this host to the worker, then retry.",
        )


def _describe_worker() -> str:
    return f"the Dask worker {get_worker().address} on {socket.gethostname()}"


def _remove_leftovers() -> None:
    """Remove the nodes of a worker that was killed together with all of its child processes."""
    for driver in selection.load_drivers_with_clusters():
        with contextlib.suppress(HostError):
            for cluster in filter(lambda cluster: is_grading_cluster(cluster.id), driver.list_clusters()):
                # A cluster that another command has reserved is in use.
                with contextlib.suppress(HostError), locks.reserve_cluster(str(cluster.id), _LEFTOVER_WAIT_SECONDS):
                    lifecycle.remove_cluster(driver, cluster.id)
