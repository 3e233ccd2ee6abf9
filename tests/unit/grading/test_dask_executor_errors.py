"""Errors when no Dask cluster can grade; each error says what to type next."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import pytest
from distributed import LocalCluster

from runner.errors import HostError, LabsError, UsageError
from runner.grading import dask_executor, dask_worker


def refuse(address: str) -> LabsError:
    """Return the error with which a cluster is refused."""
    with pytest.raises(LabsError) as caught, dask_executor.open_dask_executor(address, 512, 1, None):
        pass
    return caught.value


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_executor, "_WORKER_WAIT_SECONDS", 0)
    monkeypatch.setattr(dask_executor, "_CONNECT_SECONDS", 1)


@pytest.fixture(params=[{}, {dask_worker.MEMORY_RESOURCE: 10}, {f"{dask_worker.RESOURCE_PREFIX}0.0.1": 9999}])
def workers(request: pytest.FixtureRequest) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Start a scheduler and a worker that offers some resources; return the address and the resources."""
    logging.getLogger("distributed").setLevel(logging.ERROR)
    options = {"n_workers": 1, "processes": False, "protocol": "tcp", "dashboard_address": None}
    with LocalCluster(**options, host="127.0.0.1", resources=request.param) as cluster:
        yield cluster.scheduler_address, request.param


@pytest.mark.parametrize("address", ["grader", "http://grader:8786", "", "tcp://grader", "--force"])
def test_malformed_address(address: str) -> None:
    """A malformed address is a usage error."""
    error = refuse(address)
    assert UsageError is type(error)
    assert "tcp://HOST:8786" in error.advice


def test_no_scheduler() -> None:
    """If no scheduler answers, the advice says how to start it and its workers."""
    error = refuse("tcp://127.0.0.1:9")
    assert 4 == error.exit_code
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in error.message
    assert "'dask worker tcp://127.0.0.1:9 --preload runner.grading.dask_worker'" in error.advice


def test_no_certificates() -> None:
    """TLS without certificates is refused, and the advice names the setting."""
    assert "distributed.comm.tls" in refuse("tls://127.0.0.1:9").advice


def test_no_suitable_worker(workers: tuple[str, Mapping[str, int]]) -> None:
    """Workers that do not grade, have too little memory or another version are reported, with how to start one."""
    address, resources = workers
    error = refuse(address)
    assert f"'dask worker {address} --preload runner.grading.dask_worker'" in error.advice
    expected = {(): "workers that do not: 1", (dask_worker.MEMORY_RESOURCE,): "the largest offers 10 MB"}
    assert expected.get((*resources,), "labs 0.0.1 (tcp://127.0.0.1:") in error.message


def test_versions() -> None:
    """Another version of Dask in the cluster is refused, and the advice names the one to install."""
    ours, theirs = ({"packages": {"distributed": version}} for version in (dask_executor._VERSION, "2020.1.0"))
    dask_executor._check_dask_versions({"scheduler": ours, "w": ours}, "tcp://grader:8786")
    with pytest.raises(HostError, match=r"distributed 2020\.1\.0 \(w\); this host has") as caught:
        dask_executor._check_dask_versions({"scheduler": ours, "w": theirs}, "tcp://grader:8786")
    assert f"pip install distributed=={dask_executor._VERSION}" in caught.value.advice
