"""Grading on a Dask cluster: workers and clients are killed, and every submission gets exactly one grade."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from distributed import Client

from runner.grading import dask_worker
from tests.support.docker_leftovers import Leftovers
from tests.support.helpers import wait_until
from tests.support.labs_command import LABS_TREE, LabsRunner
from tests.support.ladder_submissions import (
    SWARM_BLOCK,
    THIRD_BLOCK,
    VOLUMES_BLOCK,
    list_outcomes,
    make_block,
    read_grades,
    write_submissions,
)
from tests.support.pseudo_terminal import PseudoTerminal

SUBMISSIONS = {
    "perfect": SWARM_BLOCK + VOLUMES_BLOCK + THIRD_BLOCK,
    "partial": SWARM_BLOCK + make_block("docker volume create first"),
    "with-files": SWARM_BLOCK + make_block("bash app/make.sh"),
}
EXPECTED = {
    "perfect": "passed passed passed passed passed",
    "partial": "passed failed failed failed passed",
    "with-files": "passed failed passed failed failed",
}
HIDDEN = """
from checks import expect_equal, step

@step("volumes")
def test_first_exists(nodes):
    '''The volume first exists.'''
    names = [volume.name for volume in nodes["node1"].api.volumes.list()]
    expect_equal(nodes["node1"], "first" in names, True, of="a volume", see="docker volume ls")
"""


@dataclass(frozen=True)
class DaskCluster:
    """A scheduler with workers, and a client that observes them."""

    address: str
    client: Client

    def list_events(self) -> list[tuple[str, str]]:
        """Return all status lines of workers, each with its task's key."""
        topics = self.client.get_events()
        return [
            (key, line)
            for name in topics
            if name.startswith(dask_worker.TASK_PREFIX)
            for _, (key, line) in topics[name]
        ]

    def count_starts(self, before: Collection[str] = ()) -> Counter[str]:
        """Return how often each task was started, without the tasks in `before`."""
        return Counter(key for key, line in self.list_events() if line.startswith("on ") and key not in before)

    def find_busy_worker(self, line: str) -> int:
        """Return the process id of a worker whose current task has reported a line."""
        while True:
            reached = {key for key, reported in self.list_events() if reported.startswith(line)}
            for worker, keys in self.client.processing().items():
                if reached & set(keys):
                    return int(self.client.run(os.getpid, workers=[worker])[worker])
            time.sleep(0.05)


@contextmanager
def start_dask_cluster(
    folder: Path, environment: Mapping[str, str], workers: int, *options: str, failures: int = 3
) -> Iterator[DaskCluster]:
    """Run a scheduler that tolerates `failures` lost workers per task, and workers with one thread each."""
    file = folder / "scheduler.json"
    variables = {**environment, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(failures)}
    with ExitStack() as cleanup, (folder / "dask.log").open("w") as log:

        def start(program: str, *arguments: str) -> None:
            argv = [sys.executable, "-m", f"distributed.cli.dask_{program}", "--no-dashboard", *arguments]
            process = cleanup.enter_context(subprocess.Popen(argv, env=variables, stdout=log, stderr=log))
            cleanup.callback(process.terminate)

        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        while not file.exists():
            time.sleep(0.05)
        address = json.loads(file.read_text("utf-8"))["address"]
        for _ in range(workers):
            options_of_worker = ("--local-directory", str(folder / "dask"), "--nthreads", "1")
            start("worker", address, "--preload", dask_worker.__name__, *options_of_worker, *options)
        client = cleanup.enter_context(Client(address, set_as_default=False))
        client.wait_for_workers(workers, timeout=60)
        yield DaskCluster(address, client)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[DaskCluster]:
    """Run a cluster of two workers that are not restarted."""
    with start_dask_cluster(tmp_path_factory.mktemp("two"), environment, 2, "--no-nanny") as cluster:
        yield cluster


def start_grading(folder: Path, cluster: DaskCluster, environment: dict[str, str], *arguments: str) -> PseudoTerminal:
    """Start grading a folder on a cluster, in a terminal."""
    argv = ["grade", str(folder), "--driver", "docker", "--dask", cluster.address, *arguments]
    return PseudoTerminal([sys.executable, "-m", "runner", *argv], {**environment, "NO_COLOR": "1"}, columns=120)


def kill_worker_tree(cluster: DaskCluster, line: str) -> None:
    """Kill a worker whose task has reported a line, with its child processes, and wait for the restarted worker."""
    before = set(cluster.client.nthreads())
    worker = psutil.Process(cluster.find_busy_worker(line))
    for process in [worker, *worker.children(recursive=True)]:
        process.kill()
    wait_until(lambda: bool(set(cluster.client.nthreads()) - before), 30)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_client_ends(
    number: signal.Signals,
    status: int,
    two_workers: DaskCluster,
    leftovers: Leftovers,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """Ctrl-C stops all gradings before the command exits; if the client is killed, they stop soon after."""
    folder = write_submissions(
        tmp_path / "class", {name: SWARM_BLOCK + make_block(f"sleep 120 # {name}{number}") for name in "abc"}
    )
    before = two_workers.count_starts()
    terminal = start_grading(folder, two_workers, environment)
    terminal.read_until("block 2 of 2", 60)
    terminal.process.send_signal(number)
    assert status == terminal.process.wait(60)
    if number == signal.SIGKILL:
        wait_until(lambda: not leftovers.list_all(), 30)
    assert [] == leftovers.list_all()
    assert 2 == two_workers.count_starts(before).total()


def test_a_worker_is_lost(
    two_workers: DaskCluster, labs: LabsRunner, environment: dict[str, str], tmp_path: Path
) -> None:
    """If a worker is killed, all grades are the same as without Dask, and only its submission is started again."""
    folder, hidden, report = (
        write_submissions(tmp_path / "class", SUBMISSIONS),
        tmp_path / "hidden",
        tmp_path / "grades.json",
    )
    (folder / "with-files" / "app").mkdir()
    (folder / "with-files" / "app" / "make.sh").write_text("docker volume create second\n", "utf-8")
    (folder / "with-files" / "shadow").symlink_to("/etc/shadow")
    hidden.mkdir()
    (hidden / "test_ladder.py").write_text(HIDDEN, "utf-8")
    before = two_workers.count_starts()
    arguments = ("--checks", str(hidden), "--report", f"json={report}")
    terminal = start_grading(folder, two_workers, environment, *arguments)
    terminal.read_until("block 1 of", 60)
    os.kill(two_workers.find_busy_worker("block 1 of"), signal.SIGKILL)
    terminal.read_until("SUBMISSION", 120)
    assert 1 == terminal.process.wait(30)
    grades = read_grades(report)
    assert EXPECTED == {name: " ".join(list_outcomes(grade)) for name, grade in grades.items()}
    assert ["shadow:1: symbolic link to a file outside the submission; replace it with the file itself"] == list(
        grades["with-files"].problems
    )
    assert [1, 1, 2] == sorted(two_workers.count_starts(before).values())
    audit = labs("grade", str(folder), "--driver", "docker", *arguments[:2], "--audit", str(report))
    assert 0 == audit.returncode, audit.stdout + audit.stderr


def test_submission_kills_workers(
    leftovers: Leftovers, labs: LabsRunner, environment: dict[str, str], tmp_path: Path
) -> None:
    """A submission that loses too many workers is reported as not graded; the restarted worker removes leftovers."""
    folder = write_submissions(tmp_path / "class", {"killer": SWARM_BLOCK + make_block("sleep 120 # killer")})
    with start_dask_cluster(tmp_path, environment, 1, failures=0) as cluster:
        terminal = start_grading(folder, cluster, environment)
        kill_worker_tree(cluster, "block 2 of 2")
        terminal.read_until("1 Dask worker was lost", 30)
        assert 4 == terminal.process.wait(30)
        wait_until(lambda: not leftovers.list_all(), 30)


def test_different_lab(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """A worker whose lab differs grades nothing, and the error says what to do."""
    shutil.copytree(LABS_TREE, tmp_path / "tree")
    with (tmp_path / "tree" / "checks" / "test_ladder.py").open("a") as file:
        file.write("\n")
    folder = write_submissions(tmp_path / "class", {"ada": SWARM_BLOCK, "bob": THIRD_BLOCK})
    worker_environment = {**environment, "LABS_ROOT": str(tmp_path / "tree")}
    with start_dask_cluster(tmp_path, worker_environment, 1, "--no-nanny") as cluster:
        result = labs("grade", str(folder), "--driver", "docker", "--dask", cluster.address)
    assert 4 == result.returncode, result.stdout
    assert "The checks of 'ladder' on the Dask worker tcp://127.0.0.1:" in result.stderr
    assert f"Copy the files in {tmp_path / 'tree'} from this host to the worker" in result.stderr
