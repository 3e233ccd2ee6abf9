"""Grading a class on the docker driver: each submission gets the expected grade."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.grading.grade_model import Grade
from tests.support.labs_command import LabsRunner
from tests.support.ladder_submissions import (
    SWARM_BLOCK,
    THIRD_BLOCK,
    VOLUMES_BLOCK,
    grade_folder,
    list_outcomes,
    make_block,
    parse_table,
    write_hidden_checks,
    write_submissions,
)
from tests.support.pseudo_terminal import PseudoTerminal

SUBMISSIONS = {
    "perfect": SWARM_BLOCK + VOLUMES_BLOCK + THIRD_BLOCK,
    "empty": "",
    "partial": SWARM_BLOCK + make_block("docker volume create first"),
    "out-of-order": THIRD_BLOCK + VOLUMES_BLOCK + SWARM_BLOCK,
    "with-a-hole": SWARM_BLOCK + THIRD_BLOCK,
    "by-another-way": make_block("docker swarm init --advertise-addr eth0 >/dev/null && bash app/make.sh"),
    "failing-blocks": make_block("false")
    + SWARM_BLOCK
    + "```sh node9\ntrue\n```\n"
    + make_block("exit 7")
    + VOLUMES_BLOCK
    + THIRD_BLOCK,
    "labels-nothing": SWARM_BLOCK + make_block("docker volume create first; docker volume create second"),
    "labels-the-other": SWARM_BLOCK
    + make_block("docker volume create --label node=node1 second; docker volume create first"),
    "takes-other-names": SWARM_BLOCK
    + make_block("docker volume create --label node=node1 First; docker volume create second_"),
    "makes-networks": SWARM_BLOCK + make_block("for one in first second third; do docker network create $one; done"),
    "makes-containers": SWARM_BLOCK
    + make_block("for one in first second; do docker create --name $one --label node=1 busybox; done"),
    "leaves-again": SWARM_BLOCK + VOLUMES_BLOCK + make_block("docker swarm leave --force"),
    "removes-again": SWARM_BLOCK + VOLUMES_BLOCK + make_block("docker volume rm first"),
    "only-says": make_block("cat <<'END'\ndocker swarm init\ndocker volume create second\nEND"),
    "goes-on-after-a-failure": SWARM_BLOCK
    + make_block("docker volume create second; false; docker volume create third"),
    "in-a-list": SWARM_BLOCK + "- Then:\n\n  ```sh node1\n  docker volume create third\n  ```\n",
    "captured": "```sh node1 capture=NAME\nhostname\n```\n"
    + SWARM_BLOCK
    + VOLUMES_BLOCK.replace("node=node1", "node=<NAME>"),
}
# The expected outcomes of the four checks.
EXPECTED = {
    "perfect": "passed passed passed passed",
    "empty": "failed failed failed failed",
    "partial": "passed failed failed failed",
    "out-of-order": "passed passed passed passed",
    "with-a-hole": "passed failed failed passed",
    "by-another-way": "passed passed passed passed",
    "failing-blocks": "passed passed passed passed",
    "labels-nothing": "passed failed passed failed",
    "labels-the-other": "passed failed passed failed",
    "takes-other-names": "passed failed failed failed",
    "makes-networks": "passed failed failed failed",
    "makes-containers": "passed failed failed failed",
    "leaves-again": "failed passed passed failed",
    "removes-again": "passed failed passed failed",
    "only-says": "failed failed failed failed",
    "goes-on-after-a-failure": "passed failed passed passed",
    "in-a-list": "passed failed failed failed",
    "captured": "passed passed passed failed",
}


@dataclass(frozen=True)
class GradedClass:
    """The submissions after they were graded.

    Attributes:
        folder: The folder of the submissions.
        grades: Their grades by name.
        output: What the command printed.

    """

    folder: Path
    grades: dict[str, Grade]
    output: str


@pytest.fixture(scope="module")
def graded(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> GradedClass:
    """Grade all submissions in one command, with a hidden check."""
    root = tmp_path_factory.mktemp("graded")
    folder = write_submissions(root / "class", SUBMISSIONS)
    (folder / "by-another-way" / "app").mkdir()
    script = "for name in second third; do docker volume create $name; done\ndocker volume create --label node first\n"
    (folder / "by-another-way" / "app" / "make.sh").write_text(script, "utf-8")
    (folder / "captured" / "secret").symlink_to("/etc/shadow")
    reports = ("--report", f"pages={root / 'pages'}", "--report", f"gitlab={root / 'gitlab.json'}")
    checks = ("--checks", str(write_hidden_checks(root)))
    result, grades = grade_folder(labs, folder, "--driver", "docker", *checks, *reports)
    assert 1 == result.returncode, result.stdout + result.stderr
    return GradedClass(folder, grades, result.stdout + result.stderr)


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_outcomes(graded: GradedClass, name: str) -> None:
    """Each submission gets the expected marks."""
    grade = graded.grades[name]
    assert EXPECTED[name].split() == list_outcomes(grade)[:-1], grade
    assert grade.is_complete


def test_hidden_check(graded: GradedClass) -> None:
    """A hidden check counts, and its texts are not printed."""
    assert (7, 7) == (graded.grades["perfect"].score.earned, graded.grades["perfect"].score.possible)
    assert 4 == graded.grades["by-another-way"].score.earned
    assert "confidential" not in graded.output.lower()


def test_reports(graded: GradedClass) -> None:
    """Each learner has a page that shows what did not work; reports for students do not describe hidden checks."""
    root = graded.folder.parent
    pages = {path.stem: path.read_text("utf-8") for path in (root / "pages" / "learners").iterdir()}
    assert set(SUBMISSIONS) == set(pages)
    assert "it exited with 7, not with 0" in pages["failing-blocks"]
    texts = [
        *pages.values(),
        (root / "pages" / "index.html").read_text("utf-8"),
        (root / "gitlab.json").read_text("utf-8"),
    ]
    hidden_texts = ("confidential", "the label is the name of the node")
    assert [] == [text for text in texts if any(hidden in text.lower() for hidden in hidden_texts)]


def test_failed_blocks(graded: GradedClass) -> None:
    """A block that failed, and one that could not be run, are reported with line and reason; all others were run."""
    runs = graded.grades["failing-blocks"].runs
    assert [
        "it exited with 1, not with 0",
        "",
        "not run: there is no node 'node9'",
        "it exited with 7, not with 0",
    ] == [run.complaint for run in runs[:4]]
    assert ["submission.md:10: there is no node 'node9'"] == list(graded.grades["failing-blocks"].problems)


def test_link_outside(graded: GradedClass) -> None:
    """A link to a file outside the submission is reported, and the rest is graded."""
    (problem,) = graded.grades["captured"].problems
    assert "secret:1: symbolic link to a file outside the submission" in problem


@pytest.mark.usefixtures("graded")
def test_no_leftovers(labs: LabsRunner) -> None:
    """Grading leaves no cluster."""
    assert "No lab is started." in labs("status").stdout


def test_stored_grades(graded: GradedClass, labs: LabsRunner) -> None:
    """A graded submission is not graded again; its stored grade is identical."""
    started_at = time.monotonic()
    checks = ("--checks", str(write_hidden_checks(graded.folder.parent)))
    _, grades = grade_folder(labs, graded.folder, "--driver", "docker", *checks)
    assert graded.grades == grades
    assert time.monotonic() - started_at < 10


def test_single_submission(graded: GradedClass, labs: LabsRunner) -> None:
    """A single submission is shown with its checks and what is missing; with other checks it is graded again."""
    result = labs("grade", str(graded.folder / "partial"), "--driver", "docker")
    assert 1 == result.returncode, result.stderr
    assert "The volume first is labelled with its node" in result.stdout
    assert "on node1: first has no label; expected: a label node" in result.stdout
    assert "1 of 4 points" in result.stdout


def test_continues_after_kill(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """A batch that was killed continues where it stopped, with the same results; no cluster is left."""
    texts = {"s0": SWARM_BLOCK + VOLUMES_BLOCK, "s1": SWARM_BLOCK + THIRD_BLOCK, "s2": SWARM_BLOCK}
    folder = write_submissions(tmp_path / "class", texts)
    argv = [sys.executable, "-m", "runner", "grade", str(folder), "--driver", "docker", "--jobs", "1"]
    with subprocess.Popen(
        argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        first_line = next(line for line in process.stderr if line.startswith("✓"))
        # Time for the next one to start.
        time.sleep(2)
        os.killpg(process.pid, signal.SIGKILL)
    resumed, grades = grade_folder(labs, folder, "--driver", "docker")
    assert first_line.removeprefix("✓ Graded ").partition(":")[0] in grades
    undisturbed, _ = grade_folder(labs, folder, "--driver", "docker", "--force")
    assert (1, 1) == (resumed.returncode, undisturbed.returncode), resumed.stderr + undisturbed.stdout
    assert {"s0": "3 of 4", "s1": "2 of 4", "s2": "1 of 4"} == parse_table(undisturbed.stdout)
    assert parse_table(undisturbed.stdout) == parse_table(resumed.stdout)
    assert "No lab is started." in labs("status").stdout


def test_submit(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """`labs submit` writes a submission from typed commands, and it gets the points for what was reached."""
    assert 0 == labs("start", "ladder").returncode
    try:
        before = labs("submit", "--out", str(tmp_path / "early"))
        assert (1, False) == (before.returncode, (tmp_path / "early").exists())
        shell = PseudoTerminal([sys.executable, "-m", "runner", "shell", "node1"], {**environment, "NO_COLOR": "1"})
        for line in ("docker swarm init --advertise-addr eth0", "docker volume create 'no good'", "mkdir it; cd it"):
            shell.read_until("# ")
            shell.type_text(f"{line}\n")
        shell.read_until("it # ")
        shell.type_text("docker volume create second; echo typed-$((40 + 2))\n")
        shell.read_until("typed-42")
        shell.type_text("exit\n")
        assert 0 == shell.process.wait(20)
        result = labs("submit", "--out", str(tmp_path / "ada"))
        assert 0 == result.returncode, result.stderr
        assert "Overwrite it with '--force'" in labs("submit", "--out", str(tmp_path / "ada")).stderr
    finally:
        labs("rm", "ladder")
    text = (tmp_path / "ada" / "submission.md").read_text("utf-8")
    assert "no good" not in text
    grading = labs("grade", str(tmp_path / "ada"), "--driver", "docker")
    assert "2 of 4 points" in grading.stdout, grading.stdout + grading.stderr + text
