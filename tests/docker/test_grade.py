"""Grading a cohort on containers: each submission gets the grade that it must get."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.grading.grade_model import Grade
from tests.conftest import LabsRunner
from tests.ladder_submissions import (
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
from tests.terminal import PseudoTerminal

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
    "stops-too-soon": SWARM_BLOCK + make_block("docker volume create second; false; docker volume create third"),
    "in-a-list": SWARM_BLOCK + "- Then:\n\n  ```sh node1\n  docker volume create third\n  ```\n",
    "captured": "```sh node1 capture=NAME\nhostname\n```\n"
    + SWARM_BLOCK
    + VOLUMES_BLOCK.replace("node=node1", "node=<NAME>"),
}
# What must come of each of the four checks.
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
    "stops-too-soon": "passed failed passed failed",
    "in-a-list": "passed failed failed failed",
    "captured": "passed passed passed failed",
}


@pytest.fixture(scope="module")
def cohort(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Grade], str]:
    """Grade all submissions at once, with a hidden check; return their folder, the grades, and what was printed."""
    root = tmp_path_factory.mktemp("cohort")
    folder = write_submissions(root / "class", SUBMISSIONS)
    (folder / "by-another-way" / "app").mkdir()
    script = "for name in second third; do docker volume create $name; done\ndocker volume create --label node first\n"
    (folder / "by-another-way" / "app" / "make.sh").write_text(script, "utf-8")
    (folder / "captured" / "secret").symlink_to("/etc/shadow")
    reports = ("--report", f"pages={root / 'pages'}", "--report", f"gitlab={root / 'gitlab.json'}")
    done, grades = grade_folder(
        labs, folder, "--driver", "docker", "--checks", str(write_hidden_checks(root)), *reports
    )
    assert 1 == done.returncode, done.stdout + done.stderr
    return folder, grades, done.stdout + done.stderr


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_outcomes(cohort: tuple[Path, dict[str, Grade], str], name: str) -> None:
    """Each submission gets the marks that it must get, whatever came before in it."""
    one = cohort[1][name]
    assert EXPECTED[name].split() == list_outcomes(one)[:-1], one
    assert one.is_complete


def test_hidden_check(cohort: tuple[Path, dict[str, Grade], str]) -> None:
    """A hidden check counts, and nobody hears of what it looks at."""
    assert (7, 7) == (cohort[1]["perfect"].score.earned, cohort[1]["perfect"].score.possible)
    assert 4 == cohort[1]["by-another-way"].score.earned
    assert "confidential" not in cohort[2].lower()


def test_reports(cohort: tuple[Path, dict[str, Grade], str]) -> None:
    """Each learner has a page, with what did not work; no report but that for the instructor tells of hidden checks."""
    root = cohort[0].parent
    pages = {path.stem: path.read_text("utf-8") for path in (root / "pages" / "learners").iterdir()}
    assert set(SUBMISSIONS) == set(pages)
    assert "it exited with 7, not with 0" in pages["failing-blocks"]
    shown = [
        *pages.values(),
        (root / "pages" / "index.html").read_text("utf-8"),
        (root / "gitlab.json").read_text("utf-8"),
    ]
    assert [] == [text for text in shown if "confidential" in text.lower() or "label of a" in text]


def test_what_did_not_work_is_told(cohort: tuple[Path, dict[str, Grade], str]) -> None:
    """A block that failed, and one that could not be typed, are told with line and reason; the others were typed."""
    runs = cohort[1]["failing-blocks"].runs
    assert [
        "it exited with 1, not with 0",
        "",
        "not run: there is no node 'node9'",
        "it exited with 7, not with 0",
    ] == [run.complaint for run in runs[:4]]
    assert ["submission.md:10: there is no node 'node9'"] == list(cohort[1]["failing-blocks"].problems)


def test_link_is_left_out(cohort: tuple[Path, dict[str, Grade], str]) -> None:
    """A link out of the submission is told, and the rest is graded."""
    (problem,) = cohort[1]["captured"].problems
    assert "secret:1: symbolic link to a file outside the submission" in problem


def test_nothing_is_left(cohort: tuple[Path, dict[str, Grade], str], labs: LabsRunner) -> None:
    """No cluster is left of a grading."""
    assert cohort
    assert "No lab is started." in labs("status").stdout


def test_not_graded_again(cohort: tuple[Path, dict[str, Grade], str], labs: LabsRunner) -> None:
    """What was graded is not graded again, and its grade is the same to the second."""
    folder, before, _ = cohort
    began = time.monotonic()
    _, grades = grade_folder(labs, folder, "--driver", "docker", "--checks", str(write_hidden_checks(folder.parent)))
    assert before == grades
    assert time.monotonic() - began < 10


def test_one_submission(cohort: tuple[Path, dict[str, Grade], str], labs: LabsRunner) -> None:
    """A single submission is shown with its checks and what is missing; with other checks it is graded anew."""
    done = labs("grade", str(cohort[0] / "partial"), "--driver", "docker")
    assert 1 == done.returncode, done.stderr
    assert "The volume first is labelled with its node" in done.stdout
    assert "on node1: first has no label; expected: a label node" in done.stdout
    assert "1 of 4 points" in done.stdout


def test_goes_on_after_a_power_cut(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """A cohort that is killed in the middle goes on where it was, to the same table; nothing is left running."""
    texts = {"s0": SWARM_BLOCK + VOLUMES_BLOCK, "s1": SWARM_BLOCK + THIRD_BLOCK, "s2": SWARM_BLOCK}
    folder = write_submissions(tmp_path / "class", texts)
    argv = [sys.executable, "-m", "runner", "grade", str(folder), "--driver", "docker", "--jobs", "1"]
    with subprocess.Popen(
        argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        first = next(line for line in process.stderr if line.startswith("✓"))
        # The next one has begun by then.
        time.sleep(2)
        os.killpg(process.pid, signal.SIGKILL)
    resumed, grades = grade_folder(labs, folder, "--driver", "docker")
    assert first.split()[1].rstrip(":") in grades
    undisturbed, _ = grade_folder(labs, folder, "--driver", "docker", "--force")
    assert (1, 1) == (resumed.returncode, undisturbed.returncode), resumed.stderr
    assert {"s0": "3 of 4", "s1": "2 of 4", "s2": "1 of 4"} == parse_table(undisturbed.stdout)
    assert parse_table(undisturbed.stdout) == parse_table(resumed.stdout)
    assert "No lab is started." in labs("status").stdout


def test_submit_what_was_typed(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """What was typed in a shell becomes a submission that is worth what was reached."""
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
        done = labs("submit", "--out", str(tmp_path / "ada"))
        assert 0 == done.returncode, done.stderr
        assert "'--force' writes over it" in labs("submit", "--out", str(tmp_path / "ada")).stderr
    finally:
        labs("rm", "ladder")
    text = (tmp_path / "ada" / "submission.md").read_text("utf-8")
    assert "no good" not in text
    graded_by_hand = labs("grade", str(tmp_path / "ada"), "--driver", "docker")
    assert "2 of 4 points" in graded_by_hand.stdout, graded_by_hand.stdout + graded_by_hand.stderr + text
