"""Grades on the machines of a Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
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
from runner.checking.parallel_verify import VerifyJob
from runner.errors import HostError, UsageError
from runner.grading import grade_model
from runner.grading.executor import ExecutorError
from runner.grading.grade_model import Grade
from runner.grading.job import Job
from runner.grading.snapshot import pack

try:
    import dask
    from distributed import CancelledError, Client, Future, KilledWorker, Security, rpc

    from runner.grading import dask_worker
except ModuleNotFoundError as missing:
    raise HostError(
        "'--dask' needs the Python package distributed, which is not installed.", "Type 'pip install distributed'."
    ) from missing

_VERSION = metadata.version("distributed")
_ADDRESS = re.compile(r"((tcp|tls)://)?([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")
_CONNECTING_SECONDS = 5
# Workers that are started together with us, or anew after they were killed, take a moment.
_COMING_SECONDS = 20
_LOOK_SECONDS = 30
_ORDER_SECONDS = 120
_PAUSE_SECONDS = 0.2


@contextmanager
def open_dask_executor(address: str, planned: Sequence[VerifyJob], jobs: int | None) -> Iterator[DaskExecutor]:
    """Have a Dask cluster to grade on; what still runs there at the end is ended.

    Args:
        address: Its scheduler, as `tcp://HOST:PORT`, or `tls://HOST:PORT` with the certificates that Dask is told of.
        planned: What there is to grade.
        jobs: How many at a time on all machines together; as many as fit if None.

    Raises:
        UsageError: The address is none.
        UnfitPlaceError: There is no such cluster, or it cannot grade.

    """
    largest = max([1, *(one.memory_mb for one in planned)])
    # A submission with large files is what it is; and Dask's own lines would stand between ours.
    quiet = {"distributed.admin.large-graph-warning-threshold": "1GB"}
    with dask.config.set(quiet), _without_logs(), _connected(address) as client:
        room = _room(client, address, largest)
        made = DaskExecutor(client, address, largest, min(jobs or room, len(planned)) or 1)
        client.subscribe_topic(made.run, made.on_output)
        yield made


@dataclass(slots=True)
class DaskExecutor:
    """The machines of a Dask cluster.

    Attributes:
        client: What speaks to its scheduler.
        address: The scheduler's address.
        memory: How many MB of a worker's memory one submission takes.
        jobs: How many submissions at a time.
        run: What the keys of our tasks begin with, and the topic of what is told about them.

    """

    client: Client
    address: str
    memory: int
    jobs: int
    run: str = field(default_factory=lambda: f"{dask_worker.TASK_PREFIX}-{uuid.uuid4().hex}")
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _futures: dict[str, Future[Any]] = field(default_factory=dict)
    _tells: dict[str, Callable[[str], None]] = field(default_factory=dict)
    _interrupted: bool = False

    def ask(self, job: Job, hashes: Mapping[str, str], tell: Callable[[str], None]) -> Grade:
        """Have a submission graded on whichever machine has room, and on another one if that is lost; see `Place`."""
        tell("waiting for a worker")
        parcel, key = pack(job), f"{self.run}-{next(self._numbers)}"
        needs = {dask_worker.MEMORY_RESOURCE: self.memory}
        with self._lock:
            if self._interrupted:
                raise KeyboardInterrupt
            self._tells[key] = tell
            future = self.client.submit(
                dask_worker.grade, parcel, dict(hashes), self.run, key=key, resources=needs, pure=False
            )
            self._futures[key] = future
        try:
            return grade_model.read(json.loads(self._result(future)))
        except KilledWorker as error:
            lost = error.allowed_failures + 1
            many = f"{lost} Dask workers were" if lost > 1 else "1 Dask worker was"
            trouble = f"{many} lost while grading it; it may be to blame, or what was graded beside it: grade it alone"
            return Grade(job.name, job.lab, job.driver, trouble=trouble, version=__version__)
        except CancelledError as error:
            if self._interrupted:
                raise KeyboardInterrupt from error
            raise ExecutorError(
                f"The Dask scheduler at {self.address} is gone.",
                "What was graded is kept. Start it and its workers again, then type this again.",
            ) from error
        finally:
            # As long as we hold a result, Dask would make it anew if the worker that has it were lost.
            future.release()
            with self._lock:
                del self._futures[key], self._tells[key]

    def on_output(self, event: tuple[float, Sequence[str]]) -> None:
        """Pass on what a worker tells of a task."""
        key, line = event[1]
        if tell := self._tells.get(key):
            tell(line)

    def interrupt(self) -> None:
        """Cancel all tasks, and wait until their nodes are removed."""
        with self._lock:
            self._interrupted = True
            futures = list(self._futures.values())
        with contextlib.suppress(OSError, CancelledError):
            self.client.cancel(futures)
            deadline = time.monotonic() + _ORDER_SECONDS
            while self._busy() and time.monotonic() < deadline:
                time.sleep(_PAUSE_SECONDS)

    def _busy(self) -> bool:
        workers = list(_crew(self.client))
        return bool(workers) and any(
            self.client.run(dask_worker.count_running, self.run, workers=workers, on_error="ignore").values()
        )

    def _result(self, future: Future[Any]) -> str:
        while True:
            try:
                return str(future.result(timeout=_LOOK_SECONDS))
            except TimeoutError:
                if future.done():
                    raise
            # Dask itself would wait without end for a worker to come.
            _room(self.client, self.address, self.memory)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"'{address}' is no address of a Dask scheduler.", "Write it as 'tcp://HOST:8786'.")
    security = Security()
    try:
        scheduler = asyncio.run(_greet(address, security))
    except TypeError as error:
        advice = "Name the certificates in Dask's configuration, 'distributed.comm.tls'; docs/instructors.md shows how."
        raise ExecutorError(f"There are no certificates for {address}.", advice) from error
    except OSError as error:
        advice = f"Start one with 'dask scheduler', and on each machine that is to grade '{_worker(address)}'."
        raise ExecutorError(
            f"No Dask scheduler answers at {address}: {str(error) or 'it speaks another protocol'}.", advice
        ) from error
    _require_one_dask({"scheduler": scheduler}, address)
    with warnings.catch_warnings():
        # Of versions of other packages, which do not matter here.
        warnings.simplefilter("ignore")
        client = Client(address, timeout=_CONNECTING_SECONDS, security=security, set_as_default=False)
    with client:
        versions: Any = client.get_versions()
        _require_one_dask(versions["workers"], address)
        _require_one_labs(client, address)
        yield client


async def _greet(address: str, security: Security) -> Any:
    """Return the versions of what answers: a client would wait without end for what is no scheduler."""
    dialled = rpc(address, timeout=_CONNECTING_SECONDS, connection_args=security.get_connection_args("client"))
    async with dialled as scheduler:
        return await asyncio.wait_for(scheduler.versions(), 2 * _CONNECTING_SECONDS)


def _require_one_dask(found: Mapping[str, Any], address: str) -> None:
    """Refuse a cluster of another version of Dask: its parts would understand each other by luck only.

    Args:
        found: What Dask's `versions` returns, for each part by its name.
        address: The scheduler's address.

    Raises:
        UnfitPlaceError: With the version to install.

    """
    other = _others({name: one["packages"]["distributed"] for name, one in found.items()}, _VERSION)
    if other:
        raise ExecutorError(
            f"At {address} there is distributed {other}, and here {_VERSION}.",
            f"Use one version everywhere: there, 'pip install distributed=={_VERSION}'.",
        )


def _require_one_labs(client: Client, address: str) -> None:
    """Refuse a cluster where another version of labs grades, which would find nothing to do there."""
    offers = [(name, one["resources"]) for name, one in client.scheduler_info(n_workers=-1)["workers"].items()]
    found = [
        (name, offer) for name, offered in offers for offer in offered if offer.startswith(dask_worker.RESOURCE_PREFIX)
    ]
    other = _others({name: offer.removeprefix(dask_worker.RESOURCE_PREFIX) for name, offer in found}, __version__)
    if other:
        raise ExecutorError(
            f"At {address} there is labs {other}, and here {__version__}.",
            f"Install labs {__version__} there, and start it anew with '{_worker(address)}'.",
        )


def _others(versions: Mapping[str, str], ours: str) -> str:
    return ", ".join(f"{version} ({name})" for name, version in versions.items() if version != ours)


def _crew(client: Client) -> dict[str, tuple[int, int]]:
    """Return for each worker that grades how many threads it has, and how many MB."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    offers = {
        name: (one["nthreads"], one["resources"].get(dask_worker.MEMORY_RESOURCE)) for name, one in workers.items()
    }
    return {name: (threads, int(room)) for name, (threads, room) in offers.items() if room is not None}


def _room(client: Client, address: str, memory: int) -> int:
    """Return how many submissions can be graded at a time; waits for the first worker to come.

    Raises:
        UnfitPlaceError: None comes that can grade one.

    """
    deadline = time.monotonic() + _COMING_SECONDS
    while True:
        found = _crew(client)
        if room := sum(min(threads, offered // memory) for threads, offered in found.values()):
            return room
        if time.monotonic() >= deadline:
            break
        time.sleep(_PAUSE_SECONDS)
    if found:
        raise ExecutorError(
            f"No worker at {address} has {memory} MB of memory for a submission; the largest offers "
            f"{max(offered for _, offered in found.values())} MB.",
            f"On a machine with more, type '{_worker(address)}'.",
        )
    others = len(client.scheduler_info(n_workers=-1)["workers"])
    raise ExecutorError(
        f"No Dask worker at {address} grades with labs {__version__}; workers that do not: {others}.",
        f"On each machine that is to grade, type '{_worker(address)}'.",
    )


def _worker(address: str) -> str:
    return f"dask worker {address} --preload {dask_worker.__name__}"


@contextmanager
def _without_logs() -> Iterator[None]:
    """Keep Dask's own lines out of ours; whatever there is to tell of it becomes an error of ours."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
