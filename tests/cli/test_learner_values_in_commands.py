"""Values drawn for each learner, in commands that need no engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading import grade_cache, plan
from runner.grading.grade_model import Grade
from runner.grading.job import Job, pack_job
from runner.grading.plan import GradingRequest
from runner.grading.resource_limits import ResourceLimits
from runner.grading.sources import create_folder_source
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.progress import store
from runner.site_builder import build
from runner.storage import codec
from tests.support import helpers

FRONT = helpers.FRONT_MATTER.replace("images: []\n", "images: []\nvalues: {PORT: {from: 8000, to: 8999}}\n")
HINT = "::: hint check=test_it\nIt is <PORT>.\n:::\n::: hint\nLook at <PORT>.\n:::\n"
LESSON = f"{FRONT}## Look {{#look}}\n\nIt is port <PORT>.\n\n{HINT}"
CHECKS = "from checks import step\n@step('look')\ndef test_it(nodes, values):\n    '''Port <PORT> answers.'''\n"
ADA = Learner("ada", "autumn")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a tree with a lab that draws a port and was last started for ada, and two submissions."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    (tmp_path / "labs" / "tiny" / "solution").mkdir()
    (tmp_path / "labs" / "tiny" / "solution" / "look.md").write_text("```sh node1\nnc <PORT>\n```\n", "utf-8")
    store.record_learner("tiny", ADA)
    for name in ("ada", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "submission.md").write_text("---\nlab: tiny\n---\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["show", "tiny", "look"], "It is port 8561."),
        (["hint", "tiny", "look"], "Look at 8561."),
        (["solution", "tiny", "look", "--spoil"], "nc 8561"),
    ],
)
def test_commands_show_values(arguments: list[str], shown: str, tree: Path) -> None:
    """Every command shows the values of the learner for whom the lab was last started."""
    result = helpers.run_labs(tree, *arguments)
    assert (0, True) == (result.returncode, shown in result.stdout), result.stdout + result.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (["start", "tiny", "--seed", "autumn"], "'--seed' needs a learner", "Add '--learner ID'."),
        (["verify", "tiny", "--seed", "autumn"], "'--seed' needs a learner", "Add '--learner ID'."),
        (["grade", "ada", "bob", "--learner", "ada"], "and there are 2.", "the name of each folder is the learner"),
    ],
)
def test_usage_errors(arguments: list[str], message: str, advice: str, tree: Path) -> None:
    """A seed without a learner, and one learner for several submissions, are refused before anything starts."""
    result = helpers.run_labs(tree, *arguments)
    assert (2, "") == (result.returncode, result.stdout)
    assert message in result.stderr
    assert advice in result.stderr


def test_site(tree: Path) -> None:
    """Published pages have the default values; `labs site serve` shows the learner's values."""
    public, live = build.render_site_files(), build.render_site_files(live=True)
    page = "tiny/look.html"
    assert (True, False) == (b"port 8000" in public[page], b"8561" in public[page])
    assert (True, False) == (b"port 8561" in live[page], b"8000" in live[page])
    assert b"Port 8561 answers" in live[page]
    assert public == build.render_site_files()


def test_learner_of_a_submission(tree: Path) -> None:
    """With a seed, the learner is the folder's name or `--learner`; without, the one in the report if there is one."""
    sources = [create_folder_source(tree / name) for name in ("ada", "bob")]

    def learner(seed: str | None, learner: str | None = None, *previous: Grade, name: str = "ada") -> Learner:
        request = GradingRequest(sources, seed=seed, learner=learner, previous_grades=previous)
        return plan._find_learner(request, name)

    assert ADA == learner("autumn")
    assert Learner("ada") == learner("")
    assert Learner("eve", "autumn") == learner("autumn", "eve")
    assert NO_LEARNER == learner(None)
    previous = Grade("ada", "tiny", "uml", learner="eve", seed="autumn")
    assert Learner("eve", "autumn") == learner(None, None, previous)
    assert NO_LEARNER == learner(None, None, previous, name="bob")
    with pytest.raises(UsageError):
        plan.plan_grading(GradingRequest(sources, learner="eve"))


def test_key_of_a_stored_grade(tree: Path) -> None:
    """Stored grades are separate for each learner's values, and for the default values."""
    learners = (NO_LEARNER, ADA, Learner("bob", "autumn"))
    jobs = [Job(tree / "ada", "tiny", "uml", ResourceLimits(), learner=learner) for learner in learners]
    packed_jobs = [pack_job(job) for job in jobs]
    assert [False, True, True] == ["values" in packed.hashes for packed in packed_jobs]
    assert 3 == len({grade_cache.derive_grade_key(packed) for packed in packed_jobs})
    assert jobs == [codec.decode_json(codec.encode_json(job), Job) for job in jobs]
