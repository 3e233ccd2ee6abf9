"""Where no Dask cluster can grade, that is told with what to type."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from distributed import LocalCluster

from runner.checking.parallel_verify import VerifyJob
from runner.errors import HostError, LabsError, UsageError
from runner.grading import dask_executor, dask_worker
from tests import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


def refused(planned: VerifyJob, address: str) -> LabsError:
    """Return the error with which a cluster is refused."""
    with pytest.raises(LabsError) as caught, dask_executor.open_dask_executor(address, [planned], None):
        pass
    return caught.value


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VerifyJob:
    """Return a lab to grade for, and wait for nobody."""
    monkeypatch.setattr(dask_executor, "_COMING_SECONDS", 0)
    monkeypatch.setattr(dask_executor, "_CONNECTING_SECONDS", 1)
    return VerifyJob(helpers.make_lab(tmp_path, LESSON), "uml")


@pytest.fixture(params=[{}, {dask_worker.MEMORY_RESOURCE: 10}, {f"{dask_worker.RESOURCE_PREFIX}0.0.1": 9999}])
def workers(request: pytest.FixtureRequest) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Have a scheduler, and a worker that offers some resources; return the address and the resources."""
    logging.getLogger("distributed").setLevel(logging.ERROR)
    options = {"n_workers": 1, "processes": False, "protocol": "tcp", "dashboard_address": None}
    with LocalCluster(**options, host="127.0.0.1", resources=request.param) as cluster:
        yield cluster.scheduler_address, request.param


@pytest.mark.parametrize("address", ["grader", "http://grader:8786", "", "tcp://grader", "--anew"])
def test_no_address(planned: VerifyJob, address: str) -> None:
    """What is no address is a mistake on the command line."""
    found = refused(planned, address)
    assert UsageError is type(found)
    assert "tcp://HOST:8786" in found.advice


def test_nobody_answers(planned: VerifyJob) -> None:
    """Where no scheduler answers, the advice is how to have one and its workers."""
    found = refused(planned, "tcp://127.0.0.1:9")
    assert 4 == found.exit_code
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in found.message
    assert "'dask worker tcp://127.0.0.1:9 --preload runner.grading.dask_worker'" in found.advice


def test_no_certificates(planned: VerifyJob) -> None:
    """Without certificates nothing is said over TLS, and the advice names where Dask is told of them."""
    assert "distributed.comm.tls" in refused(planned, "tls://127.0.0.1:9").advice


def test_no_worker_grades(planned: VerifyJob, workers: tuple[str, Mapping[str, int]]) -> None:
    """Workers that do not grade, have too little memory or another labs are told of, with how to start one."""
    address, resources = workers
    found = refused(planned, address)
    assert f"'dask worker {address} --preload runner.grading.dask_worker'" in found.advice
    expected = {(): "workers that do not: 1", (dask_worker.MEMORY_RESOURCE,): "the largest offers 10 MB"}
    assert expected.get((*resources,), "labs 0.0.1 (tcp://127.0.0.1:") in found.message


def test_versions() -> None:
    """Another version of Dask anywhere in the cluster is told with the one to install."""
    ours, theirs = ({"packages": {"distributed": version}} for version in (dask_executor._VERSION, "2020.1.0"))
    dask_executor._require_one_dask({"scheduler": ours, "w": ours}, "tcp://grader:8786")
    with pytest.raises(HostError, match=r"2020\.1\.0 \(w\), and here") as caught:
        dask_executor._require_one_dask({"scheduler": ours, "w": theirs}, "tcp://grader:8786")
    assert f"pip install distributed=={dask_executor._VERSION}" in caught.value.advice


def test_not_installed(tmp_path: Path) -> None:
    """Where the package is missing, it is named."""
    helpers.write_lab(tmp_path, LESSON, checks="")
    (tmp_path / "ada").mkdir()
    # As Python tells of a module that is not there.
    (tmp_path / "distributed.py").write_text("raise ModuleNotFoundError('distributed')", "utf-8")
    path = ":".join([str(tmp_path), *sys.path])
    done = helpers.run_labs(tmp_path, "grade", "ada", "--lab", "tiny", "--dask", "tcp://127.0.0.1:9", PYTHONPATH=path)
    assert 4 == done.returncode
    assert "pip install distributed" in done.stderr
