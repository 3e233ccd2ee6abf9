"""Values drawn for each learner, from the start of a lab to its grade, on real nodes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from runner.grading.grade_model import Grade
from tests.conftest import LabsRunner
from tests.ladder_submissions import SWARM, VOLUMES, block, graded, outcomes, write

# What they draw in the lab 'ladder' with the seed 'autumn'.
DRAWN = {"ada": "sixth", "bob": "fifth", "max": "fourth"}
OF_ADA = ("--learner", "ada", "--seed", "autumn")


def answer(value: str) -> str:
    """Return all of the lab for whoever has drawn this value."""
    return SWARM + VOLUMES + block(f"docker volume create {value}")


@pytest.fixture(scope="module")
def grades(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Grade]:
    """Grade ada and bob, and max, who has handed in what ada has done, to the letter."""
    work = {"ada": answer(DRAWN["ada"]), "bob": answer(DRAWN["bob"]), "max": answer(DRAWN["ada"])}
    folder = write(tmp_path_factory.mktemp("values") / "class", work)
    for name in ("ada", "max"):
        text = (folder / name / "submission.md").read_text("utf-8")
        (folder / name / "submission.md").write_text(text.replace("---\n", "---\nlearner: ada\n", 1), "utf-8")
    done, found = graded(labs, folder, "--driver", "docker", "--seed", "autumn")
    assert 1 == done.returncode, done.stdout + done.stderr
    return found


def test_own_values(grades: dict[str, Grade]) -> None:
    """Whoever hands in their own work has all points, each for other values."""
    assert {"ada": 4, "bob": 4} == {name: grades[name].score.earned for name in ("ada", "bob")}


def test_copy(grades: dict[str, Grade]) -> None:
    """The same work handed in by another, whatever it claims, lacks what that one was asked for; the rest counts."""
    assert grades["ada"].hashes["submission"] == grades["max"].hashes["submission"]
    assert ["passed", "passed", "passed", "failed"] == outcomes(grades["max"])
    missing = grades["max"].marks[-1]
    assert ("There is a volume fourth", "fourth is there: False; expected: fourth is there: True") == (
        missing.says,
        missing.text,
    )


def test_grades_tell(grades: dict[str, Grade]) -> None:
    """A grade tells whose values it stands on, with which seed, and what they were."""
    assert {name: (name, "autumn", {"LAST": value}) for name, value in DRAWN.items()} == {
        name: (one.learner, one.seed, one.values) for name, one in grades.items()
    }


@pytest.fixture
def started(labs: LabsRunner) -> Iterator[subprocess.CompletedProcess[str]]:
    """Start the lab for ada."""
    yield labs("start", "ladder", *OF_ADA)
    labs("start", "ladder", "--learner", "")
    labs("rm", "ladder")


def test_learner(started: subprocess.CompletedProcess[str], labs: LabsRunner) -> None:
    """The learner whom a lab was started for is the one in every command, until another is named."""
    told = "  For ada: LAST is sixth.\n"
    assert (0, True) == (started.returncode, told in started.stdout), started.stderr
    assert told in labs("status").stdout
    assert "Make a volume called sixth." in labs("show", "ladder", "alone").stdout
    played = labs("play", "ladder")
    assert (0, True) == (played.returncode, "There is a volume sixth" in played.stdout), played.stderr
    assert 0 == labs("check").returncode
    assert told in labs("start", "ladder").stdout
    changed = labs("start", "ladder", "--learner", "bob").stdout
    assert "  For bob: LAST is fifth.\n  Earlier work on the nodes is kept." in changed
    found = labs("check")
    assert (1, True) == (found.returncode, "There is a volume fifth" in found.stdout)
