"""`labs grade` before it starts any node: it explains every mistake, and what to type next."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.cli import _grade_results
from runner.errors import UsageError
from runner.grading import plan
from runner.grading.plan import GradingRequest
from runner.grading.similarity import SimilarPair
from runner.grading.sources import create_folder_source
from tests.support import helpers
from tests.support.sample_grades import PASSED
from tests.support.sample_grades import make_grade as graded

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
CHECKS = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It works.'''\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree with a lab and a submission for it."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "submission.md").write_text("---\nlab: tiny\n---\n", "utf-8")
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "submission.md").write_text("# No lab\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (["none"], "The folder none does not exist.", "Name a folder that contains a submission.md."),
        (["labs"], "Found no submission.md. labs contains: tiny/ (lesson.md", "Name a folder with a submission.md"),
        (["bob"], "Cannot grade bob. submission.md: it does not say which lab it is for", "Use '--lab LAB'"),
        (["ada", "--lab", "tinny"], "There is no lab 'tinny'.", "tiny"),
        (["ada", "--driver", "dokcer"], "There is no driver 'dokcer'.", "docker"),
        (["ada", "--report", "junit"], "'junit' names no file.", "--report json=grades.json"),
        (["ada", "--report", "jnuit=a.xml"], "There is no report format 'jnuit'.", "junit"),
        (
            ["ada", "--report", "junit=none/a.xml"],
            "Cannot write none/a.xml: the folder none does not exist.",
            "mkdir -p none",
        ),
        (
            ["ada", "--report", "pages=labs"],
            "labs contains files that do not belong to a report 'pages'.",
            "Name an empty folder.",
        ),
        (
            ["ada", "--checks", "."],
            "test_tiny.py does not exist.",
            "'--checks' takes a folder with a file test_tiny.py.",
        ),
        (
            ["ada", "--report", "csv=a", "--report", "json=./a"],
            "Two reports would be written to a.",
            "Name another file for",
        ),
        (["ada", "bob", "--lab", "tiny", "--report", "gradescope=a"], "there are 2", "Grade one submission"),
    ],
)
def test_usage_errors(arguments: list[str], message: str, advice: str, tree: Path) -> None:
    """A mistake on the command line is reported before anything starts, with exit code 2."""
    result = helpers.run_labs(tree, "grade", *arguments)
    assert (2, "") == (result.returncode, result.stdout)
    assert message in result.stderr
    assert advice in result.stderr


@pytest.mark.parametrize("count", [1, 3])
def test_similar_submissions(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Similar submissions are shown for a batch, with a limited number of lines, but not for a single submission."""
    grades = [graded(PASSED, submission=name) for name in ("ada", "bob", "eve")]
    _grade_results.print_grades(
        grades[:count], [SimilarPair(0, 2, 0.84, 21, ("first \x1b]0;t\x07", "second", "third"))] * 12
    )
    output = capsys.readouterr().out
    assert "\x1b]" not in output
    lines = (
        "  ada and eve  84% similar, shared passages: 21",
        "      second",
        "  and 2 more pairs, in the reports 'json' and 'pages'",
    )
    assert [count > 1] * 3 == [line in output.splitlines() for line in lines]
    assert "third" not in output


def test_no_driver(tree: Path) -> None:
    """If no driver can create nodes, the command explains that, with exit code 4."""
    result = helpers.run_labs(tree, "grade", "ada", "--driver", "docker")
    assert 4 == result.returncode
    assert "labs doctor" in result.stderr or "engine" in result.stderr


def test_broken_lesson(tree: Path) -> None:
    """A broken lab is reported as such, with exit code 3."""
    (tree / "labs" / "tiny" / "lesson.md").write_text("---\ntitle: 1\n---\n", "utf-8")
    result = helpers.run_labs(tree, "grade", "ada")
    assert 3 == result.returncode, result.stderr
    assert "lesson.md:2:" in result.stderr


def test_submission_without_lab(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a batch, a submission that names no existing lab is rejected, and all others are graded."""
    helpers.isolate_environment(monkeypatch, tree)
    folders = [tree / name for name in ("ada", "bob", "eve")]
    for folder, text in zip(folders[1:], ("", "---\nlab: nolab\n---\n"), strict=True):
        folder.mkdir(exist_ok=True)
        (folder / "submission.md").write_text(text, "utf-8")
    sources = [create_folder_source(folder) for folder in folders]
    grading_plan = plan.plan_grading(GradingRequest(sources))
    assert ["ada"] == [job.submission_name for job in grading_plan.jobs]
    assert ["bob", "eve"] == [grade.submission for grade in grading_plan.rejected]
    reasons = ("it does not say which lab it is for", "names the lab 'nolab', which does not exist")
    assert [True, True] == [
        reason in grade.trouble for reason, grade in zip(reasons, grading_plan.rejected, strict=True)
    ]
    assert ["ada", "bob", "eve"] == [
        job.submission_name for job in plan.plan_grading(GradingRequest(sources, "tiny")).jobs
    ]
    with pytest.raises(UsageError, match=r"Cannot grade .*bob\. .* 1 more cannot be graded either\."):
        plan.plan_grading(GradingRequest(sources[1:]))


def test_driver_variable_does_not_remove_isolation(tree: Path) -> None:
    """LABS_DRIVER=docker does not remove the isolation of submissions; '--driver docker' does."""
    result = helpers.run_labs(tree, "grade", "ada", LABS_DRIVER="docker")
    assert 2 == result.returncode
    assert "use '--driver docker' if you trust the submissions" in result.stderr


def test_dask_is_not_installed(tmp_path: Path) -> None:
    """If Dask's package is not installed, the error names it."""
    helpers.write_lab(tmp_path, LESSON, checks="")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "submission.md").touch()
    # Python's own error for a missing module.
    (tmp_path / "distributed.py").write_text("raise ModuleNotFoundError('distributed')", "utf-8")
    path = ":".join([str(tmp_path), *sys.path])
    result = helpers.run_labs(tmp_path, "grade", "ada", "--lab", "tiny", "--dask", "tcp://127.0.0.1:9", PYTHONPATH=path)
    assert 4 == result.returncode
    assert "pip install distributed" in result.stderr
