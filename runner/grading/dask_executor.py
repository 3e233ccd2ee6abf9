"""Grade submissions on the workers of a Dask cluster, which load `dask_worker`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import re
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from runner import __version__
from runner.errors import HostError, UsageError
from runner.grading import grade_model
from runner.grading.executor import ExecutorError, StatusCallback, make_failed_grade
from runner.grading.grade_model import Grade
from runner.grading.job import PackedJob

try:
    import dask
    from distributed import CancelledError, Client, Future, KilledWorker, Security, rpc

    from runner.grading import dask_worker
except ModuleNotFoundError as missing:
    raise HostError(
        "'--dask' needs the Python package 'distributed', which is not installed.",
        "Install labs as 'orchestration-labs[distributed]', or run 'pip install distributed' in its environment.",
    ) from missing

_VERSION = metadata.version("distributed")
_ADDRESS = re.compile(r"((tcp|tls)://)?([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")
_CONNECT_SECONDS = 5
# Workers that start at the same time as this command, or restart after they were killed, need a moment to connect.
_WORKER_WAIT_SECONDS = 20
_POLL_SECONDS = 30
_CLEANUP_SECONDS = 120
_PAUSE_SECONDS = 0.2


@contextmanager
def open_dask_executor(
    address: str, memory_mb: int, submissions: int, max_capacity: int | None
) -> Iterator[DaskExecutor]:
    """Connect to a Dask cluster, and cancel the tasks that still run there when the block ends.

    Args:
        address: The scheduler, as `tcp://HOST:PORT`, or `tls://HOST:PORT` with certificates from Dask's configuration.
        memory_mb: How many MB of a worker's memory one submission needs.
        submissions: How many submissions there are to grade.
        max_capacity: How many to grade at the same time on all workers together; as many as fit if None.

    Raises:
        UsageError: The address is malformed.
        ExecutorError: No such cluster answers, or it cannot grade.

    """
    needed_mb = max(1, memory_mb)
    # A submission may be large: Dask's warning about that, and its log lines, would mix with the output of labs.
    quiet = {"distributed.admin.large-graph-warning-threshold": "1GB"}
    with dask.config.set(quiet), _without_logs(), _connect(address) as client:
        slots = _wait_for_slots(client, address, needed_mb)
        executor = DaskExecutor(client, address, needed_mb, min(max_capacity or slots, submissions) or 1)
        client.subscribe_topic(executor.run_id, executor.forward_status_event)
        yield executor


@dataclass(slots=True)
class DaskExecutor:
    """Grades on the workers of a Dask cluster.

    Attributes:
        client: The connection to the scheduler.
        address: The scheduler's address.
        memory_mb: How many MB of a worker's memory one submission needs.
        capacity: How many submissions are graded at the same time.
        run_id: The prefix of this run's task keys, and the topic of its status lines.

    """

    client: Client
    address: str
    memory_mb: int
    capacity: int
    run_id: str = field(default_factory=lambda: f"{dask_worker.TASK_PREFIX}-{uuid.uuid4().hex}")
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _futures: dict[str, Future[Any]] = field(default_factory=dict)
    _status_callbacks: dict[str, Callable[[str], None]] = field(default_factory=dict)
    _is_interrupted: bool = False

    def grade_job(self, packed: PackedJob, on_status: StatusCallback) -> Grade:
        """Grade a submission on any worker with enough memory, and on another one if that is lost; see `Executor`."""
        on_status("waiting for a worker")
        key = f"{self.run_id}-{next(self._numbers)}"
        future = self._submit(key, packed, on_status)
        try:
            return grade_model.decode_grade_json(self._wait_for_result(future))
        except KilledWorker as error:
            lost = error.allowed_failures + 1
            subject = f"{lost} Dask workers were" if lost > 1 else "1 Dask worker was"
            reason = f"{subject} lost while grading it, perhaps because of another submission; grade it alone"
            return make_failed_grade(packed.job, reason)
        except CancelledError as error:
            if self._is_interrupted:
                raise KeyboardInterrupt from error
            raise ExecutorError(
                f"The Dask scheduler at {self.address} is gone.",
                "Grades so far are stored. Start the scheduler and its workers again, then retry.",
            ) from error
        finally:
            # While a client holds a result, Dask would compute it again if the worker that has it were lost.
            future.release()
            with self._lock:
                del self._futures[key], self._status_callbacks[key]

    def forward_status_event(self, event: tuple[float, Sequence[str]]) -> None:
        """Pass on a status line that a worker sent."""
        key, line = event[1]
        if on_status := self._status_callbacks.get(key):
            on_status(line)

    def interrupt_jobs(self) -> None:
        """Cancel all tasks, and wait until their nodes are removed."""
        with self._lock:
            self._is_interrupted = True
            futures = list(self._futures.values())
        with contextlib.suppress(OSError, CancelledError):
            self.client.cancel(futures)
            deadline = time.monotonic() + _CLEANUP_SECONDS
            while self._is_busy() and time.monotonic() < deadline:
                time.sleep(_PAUSE_SECONDS)

    def _submit(self, key: str, packed: PackedJob, on_status: StatusCallback) -> Future[Any]:
        resources = {dask_worker.MEMORY_RESOURCE: self.memory_mb}
        with self._lock:
            if self._is_interrupted:
                raise KeyboardInterrupt
            self._status_callbacks[key] = on_status
            future = self.client.submit(
                dask_worker.grade_job_to_json, packed, self.run_id, key=key, resources=resources, pure=False
            )
            self._futures[key] = future
        return future

    def _is_busy(self) -> bool:
        workers = list(_list_grading_workers(self.client))
        return bool(workers) and any(
            self.client.run(dask_worker.count_running_jobs, self.run_id, workers=workers, on_error="ignore").values()
        )

    def _wait_for_result(self, future: Future[Any]) -> str:
        while True:
            try:
                return str(future.result(timeout=_POLL_SECONDS))
            except TimeoutError:
                if future.done():
                    raise
            # Dask itself would wait forever for a worker.
            _wait_for_slots(self.client, self.address, self.memory_mb)


@contextmanager
def _connect(address: str) -> Iterator[Client]:
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"'{address}' is not the address of a Dask scheduler.", "Write it as 'tcp://HOST:8786'.")
    security = Security()
    try:
        scheduler = asyncio.run(_query_versions(address, security))
    except TypeError as error:
        advice = (
            "Set them in Dask's configuration under 'distributed.comm.tls'; "
            "docs/how-to/grade-on-several-computers.md shows how."
        )
        raise ExecutorError(f"There are no certificates for {address}.", advice) from error
    except OSError as error:
        advice = f"Start one with 'dask scheduler', and on each host that grades '{_worker_command(address)}'."
        raise ExecutorError(
            f"No Dask scheduler answers at {address}: {str(error) or 'it uses another protocol'}.", advice
        ) from error
    _check_dask_versions({"scheduler": scheduler}, address)
    with warnings.catch_warnings():
        # The warnings are about the versions of other packages, which make no difference here.
        warnings.simplefilter("ignore")
        client = Client(address, timeout=_CONNECT_SECONDS, security=security, set_as_default=False)
    with client:
        versions: Any = client.get_versions()
        _check_dask_versions(versions["workers"], address)
        _check_labs_versions(client, address)
        yield client


async def _query_versions(address: str, security: Security) -> Any:
    """Return the versions that a scheduler reports; a client would wait forever for an answer in another protocol."""
    connection = rpc(address, timeout=_CONNECT_SECONDS, connection_args=security.get_connection_args("client"))
    async with connection as scheduler:
        return await asyncio.wait_for(scheduler.versions(), 2 * _CONNECT_SECONDS)


def _check_dask_versions(reports: Mapping[str, Any], address: str) -> None:
    """Reject a cluster with another version of Dask, because Dask does not guarantee that they are compatible.

    Args:
        reports: The result of Dask's `versions` for each process, by the process's name.
        address: The scheduler's address.

    Raises:
        ExecutorError: With the version to install.

    """
    versions = {name: report["packages"]["distributed"] for name, report in reports.items()}
    other_versions = _list_other_versions(versions, _VERSION)
    if other_versions:
        raise ExecutorError(
            f"The Dask cluster at {address} runs distributed {other_versions}; this host has {_VERSION}.",
            f"Use the same version everywhere: run 'pip install distributed=={_VERSION}' there.",
        )


def _check_labs_versions(client: Client, address: str) -> None:
    """Reject a cluster whose workers run another version of labs, because they would get no tasks."""
    prefix = dask_worker.RESOURCE_PREFIX
    versions = {
        name: resource.removeprefix(prefix)
        for name, worker in client.scheduler_info(n_workers=-1)["workers"].items()
        for resource in worker["resources"]
        if resource.startswith(prefix)
    }
    other_versions = _list_other_versions(versions, __version__)
    if other_versions:
        raise ExecutorError(
            f"The Dask cluster at {address} runs labs {other_versions}; this host has {__version__}.",
            f"Install labs {__version__} there, then restart the worker with '{_worker_command(address)}'.",
        )


def _list_other_versions(versions: Mapping[str, str], own_version: str) -> str:
    return ", ".join(f"{version} ({name})" for name, version in versions.items() if version != own_version)


def _list_grading_workers(client: Client) -> dict[str, tuple[int, int]]:
    """Return the number of threads, and the MB of memory, of each worker that grades."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    offers = {
        name: (worker["nthreads"], worker["resources"].get(dask_worker.MEMORY_RESOURCE))
        for name, worker in workers.items()
    }
    return {name: (threads, int(memory)) for name, (threads, memory) in offers.items() if memory is not None}


def _wait_for_slots(client: Client, address: str, memory_mb: int) -> int:
    """Return how many submissions can be graded at the same time; wait for the first worker.

    Raises:
        ExecutorError: No worker appears that can grade one.

    """
    deadline = time.monotonic() + _WORKER_WAIT_SECONDS
    while True:
        workers = _list_grading_workers(client)
        if slots := sum(min(threads, offered_mb // memory_mb) for threads, offered_mb in workers.values()):
            return slots
        if time.monotonic() >= deadline:
            break
        time.sleep(_PAUSE_SECONDS)
    if workers:
        raise ExecutorError(
            f"No worker at {address} has the {memory_mb} MB of memory that a submission needs; the largest offers "
            f"{max(offered_mb for _, offered_mb in workers.values())} MB.",
            f"On a host with more memory, run '{_worker_command(address)}'.",
        )
    worker_count = len(client.scheduler_info(n_workers=-1)["workers"])
    raise ExecutorError(
        f"No Dask worker at {address} grades with labs {__version__}; workers that do not: {worker_count}.",
        f"On each host that grades, run '{_worker_command(address)}'.",
    )


def _worker_command(address: str) -> str:
    return f"dask worker {address} --preload {dask_worker.__name__}"


@contextmanager
def _without_logs() -> Iterator[None]:
    """Suppress Dask's log lines; what the user must know is reported as an error instead."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
