"""`labs submit --try` compares a submission with the learner's cluster, on a fresh one of the same driver."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.clusters import lookup
from runner.errors import ExitCode
from runner.lessons import catalog
from runner.lessons.learner_values import Learner
from tests.support.docker_leftovers import Leftovers
from tests.support.helpers import wait_until
from tests.support.labs_command import LabsRunner

LEARNER = ("--learner", "ada", "--seed", "autumn")
TYPED = """docker swarm init --advertise-addr eth0
docker volume create --label node=node1 first
docker volume create second
"""


@pytest.fixture
def last_volume(labs: LabsRunner, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start the lab 'ladder' for a learner, type most of it, and return the learner's name for the last volume."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert 0 == labs("start", "ladder", *LEARNER).returncode
    shell = labs("shell", "node1", input=TYPED)
    assert 0 == shell.returncode, shell.stderr
    yield catalog.load_lab("ladder", Learner("ada", "autumn")).values["LAST"]
    labs("rm", "ladder")


def test_trial(labs: LabsRunner, last_volume: str, tmp_path: Path) -> None:
    """The submission gets the same points; then a check that passes only on the cluster is named, until it is added."""
    assert last_volume != catalog.load_lab("ladder").values["LAST"]
    arguments = ("submit", "--try", "--out", str(tmp_path / "work"))
    first = labs(*arguments)
    assert (0, True) == (first.returncode, "Same points as your cluster: 3 of 4." in first.stdout), first
    labs("exec", "node1", "docker", "volume", "create", last_volume)
    second = labs(*arguments)
    assert ExitCode.INCOMPLETE == second.returncode
    lines = second.stdout.splitlines()
    assert lines[0].endswith("work/submission.md as it is; '--force' writes it again.")
    assert "Your cluster has 4 of 4 points, the submission gets 3 of 4." in lines
    assert f"  ✗ The volume {last_volume} exists" in lines
    assert [] == [line for line in lines if "volume first" in line or "volume second" in line]
    file = tmp_path / "work" / "submission.md"
    added = f"```sh node1\ndocker volume create nope/nope\ndocker volume create {last_volume}\n```\n"
    file.write_text(f"{file.read_text('utf-8')}\n{added}", "utf-8")
    third = labs(*arguments)
    assert (0, True) == (third.returncode, "Same points as your cluster: 4 of 4." in third.stdout), third
    assert "line 1 failed: docker volume create nope/nope" in third.stdout
    assert ["ladder"] == [str(cluster.id) for cluster in lookup.survey_clusters().require_all_clusters()]


@pytest.mark.usefixtures("last_volume")
def test_interrupted_trial(labs: LabsRunner, environment: dict[str, str], leftovers: Leftovers, tmp_path: Path) -> None:
    """Ctrl-C removes the fresh cluster, and leaves the learner's cluster and the submission."""
    before = leftovers.list_all()
    argv = [sys.executable, "-m", "runner", "submit", "--try", "--out", str(tmp_path / "work")]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: any(not cluster.id.is_main for cluster in lookup.survey_clusters().clusters), 90)
        process.send_signal(signal.SIGINT)
        assert ExitCode.INTERRUPTED == process.wait(120)
    assert before == leftovers.list_all()
    assert (tmp_path / "work" / "submission.md").exists()
    assert 0 == labs("exec", "node1", "true").returncode
