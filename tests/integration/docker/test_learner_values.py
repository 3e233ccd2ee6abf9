"""Values drawn for each learner, from the start of a lab to its grade, on real nodes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from runner.grading.grade_model import Grade
from tests.support.labs_command import LabsRunner
from tests.support.ladder_submissions import (
    SWARM_BLOCK,
    VOLUMES_BLOCK,
    grade_folder,
    list_outcomes,
    make_block,
    write_submissions,
)

# The values that these learners draw in the lab 'ladder' with the seed 'autumn'.
DRAWN_VALUES = {"ada": "sixth", "bob": "fifth", "max": "fourth"}
FOR_ADA = ("--learner", "ada", "--seed", "autumn")


def render_answer(value: str) -> str:
    """Return a submission for the complete lab with a drawn value."""
    return SWARM_BLOCK + VOLUMES_BLOCK + make_block(f"docker volume create {value}")


@pytest.fixture(scope="module")
def grades(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Grade]:
    """Grade ada and bob, and max who has submitted an exact copy of ada's work."""
    work = {
        "ada": render_answer(DRAWN_VALUES["ada"]),
        "bob": render_answer(DRAWN_VALUES["bob"]),
        "max": render_answer(DRAWN_VALUES["ada"]),
    }
    folder = write_submissions(tmp_path_factory.mktemp("values") / "class", work)
    for name in ("ada", "max"):
        text = (folder / name / "submission.md").read_text("utf-8")
        (folder / name / "submission.md").write_text(text.replace("---\n", "---\nlearner: ada\n", 1), "utf-8")
    result, graded = grade_folder(labs, folder, "--driver", "docker", "--seed", "autumn")
    assert 1 == result.returncode, result.stdout + result.stderr
    return graded


def test_own_values(grades: dict[str, Grade]) -> None:
    """Learners who submit their own work get all points, each for different values."""
    assert {"ada": 4, "bob": 4} == {name: grades[name].score.earned for name in ("ada", "bob")}


def test_copy(grades: dict[str, Grade]) -> None:
    """A copy of another learner's work gets no points for the checks that depend on drawn values."""
    assert grades["ada"].hashes["submission"] == grades["max"].hashes["submission"]
    assert ["passed", "passed", "passed", "failed"] == list_outcomes(grades["max"])
    missing = grades["max"].marks[-1]
    assert ("The volume fourth exists", "fourth exists: False; expected: fourth exists: True") == (
        missing.says,
        missing.text,
    )


def test_grade_records_values(grades: dict[str, Grade]) -> None:
    """A grade records the learner, the seed and the drawn values."""
    assert {name: (name, "autumn", {"LAST": value}) for name, value in DRAWN_VALUES.items()} == {
        name: (grade.learner, grade.seed, grade.values) for name, grade in grades.items()
    }


@pytest.fixture
def started(labs: LabsRunner) -> Iterator[subprocess.CompletedProcess[str]]:
    """Start the lab for ada."""
    yield labs("start", "ladder", *FOR_ADA)
    labs("start", "ladder", "--learner", "")
    labs("rm", "ladder")


def test_learner(started: subprocess.CompletedProcess[str], labs: LabsRunner) -> None:
    """Every command uses the learner that the lab was started for, until start names another one."""
    line = "  Values for ada: LAST is sixth.\n"
    assert (0, True) == (started.returncode, line in started.stdout), started.stderr
    assert line in labs("status").stdout
    assert "Make a volume called sixth." in labs("show", "ladder", "alone").stdout
    played = labs("play", "ladder")
    assert (0, True) == (played.returncode, "The volume sixth exists" in played.stdout), played.stderr
    assert 0 == labs("check").returncode
    assert line in labs("start", "ladder").stdout
    changed = labs("start", "ladder", "--learner", "bob").stdout
    assert "  Values for bob: LAST is fifth.\n  Earlier work on the nodes is kept." in changed
    check = labs("check")
    assert (1, True) == (check.returncode, "The volume fifth exists" in check.stdout)
