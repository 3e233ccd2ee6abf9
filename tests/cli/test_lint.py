"""`labs lint`: its output and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n```sh node1\nls\n```\n::: hint\nLook.\n:::\n"
CHECKS = "from checks import step\n@step('look')\ndef test_looked(nodes):\n    'The learner has looked.'\n"


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path) -> None:
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)


@pytest.mark.parametrize(
    ("arguments", "subject"), [(["tiny"], "'tiny'"), (["--all"], "'tiny'"), (["tiny", "tiny"], "'tiny'")]
)
def test_no_problems(arguments: list[str], subject: str, tmp_path: Path) -> None:
    """A lab without problems is reported as such, with exit code 0."""
    result = helpers.run_labs(tmp_path, "lint", *arguments)
    assert (0, "'tiny': no problems found.\n", "") == (result.returncode, result.stdout, result.stderr)


def test_several_labs(tmp_path: Path) -> None:
    """Several labs without problems are counted."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS, name="other")
    assert "2 labs: no problems found.\n" == helpers.run_labs(tmp_path, "lint", "--all").stdout


def test_problems(tmp_path: Path) -> None:
    """Every problem is printed as FILE:LINE: MESSAGE with a relative path, then their number and what to type."""
    helpers.write_lab(tmp_path, LESSON.replace("ls", "ls )").replace("Look.", "[Look](away.md)\x1b[2J"), checks=CHECKS)
    result = helpers.run_labs(tmp_path, "lint", "tiny")
    assert 3 == result.returncode
    assert [
        "labs/tiny/lesson.md:11: bash: syntax error near unexpected token `)'",
        "labs/tiny/lesson.md:14: remove the invisible character U+001B CONTROL CHARACTER",
        "labs/tiny/lesson.md:14: the link 'away.md' points to a file that does not exist",
    ] == result.stdout.splitlines()
    assert (
        "'tiny': 3 problems. Fix them, then lint again; 'labs verify LAB' tests the rest on real nodes.\n"
        == result.stderr
    )


def test_paths_from_another_folder(tmp_path: Path) -> None:
    """From another folder the paths are absolute, so that they can be opened."""
    helpers.write_lab(tmp_path, f"{LESSON}[Look](away.md)\n", checks=CHECKS)
    (tmp_path / "elsewhere").mkdir()
    result = helpers.run_labs(tmp_path / "elsewhere", "--labs", str(tmp_path), "lint", "tiny")
    assert (
        f"{tmp_path}/labs/tiny/lesson.md:16: the link 'away.md' points to a file that does not exist\n" == result.stdout
    )


def test_all_labs(tmp_path: Path) -> None:
    """`--all` lints every lab of a tree: the test labs lack checks, hints and solutions, and nothing else."""
    tree = helpers.CHECKOUT / "tests" / "tree"
    result = helpers.run_labs(tmp_path, "--labs", str(tree), "lint", "--all")
    assert 3 == result.returncode
    assert [
        "checks/test_meshed.py:1: the file is missing; every lab needs its checks there",
        "checks/test_solo.py:1: the file is missing; every lab needs its checks there",
        "checks/test_unsettled.py:1: the file is missing; every lab needs its checks there",
        "labs/ladder/lesson.md:34: the step 'read' has no check; add @step('read') to one in test_ladder.py",
        "labs/ladder/lesson.md:34: the step 'read' has no hint",
        "labs/ladder/lesson.md:34: the step 'read' has no command; add one, or solution/read.md",
        "labs/ladder/lesson.md:65: the step 'remember' has no check; add @step('remember') to one in test_ladder.py",
        "labs/ladder/lesson.md:65: the step 'remember' has no hint",
        "labs/ladder/lesson.md:65: the step 'remember' has no command; add one, or solution/remember.md",
        "labs/meshed/lesson.md:13: the step 'init' has no hint",
        "labs/solo/lesson.md:12: the step 'init' has no hint",
        "labs/trio/lesson.md:16: the step 'init' has no hint",
        "labs/trio/lesson.md:30: the step 'join' has no hint",
        "labs/unsettled/lesson.md:12: the step 'init' has no hint",
    ] == result.stdout.replace(f"{tree}/", "").splitlines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Which labs?\nName them, as in 'labs lint swarm-basics', or run 'labs lint --all'.\n"),
        (["tiny", "--all"], "Which labs?\nName them, as in 'labs lint swarm-basics', or run 'labs lint --all'.\n"),
        (["tin"], "There is no lab 'tin'.\nDid you mean tiny?\n"),
    ],
)
def test_usage(arguments: list[str], message: str, tmp_path: Path) -> None:
    """A command line that names no lab is refused."""
    result = helpers.run_labs(tmp_path, "lint", *arguments)
    assert (2, "", message) == (result.returncode, result.stdout, result.stderr)


def test_missing_translations(tmp_path: Path) -> None:
    """With `--all`, labs that lack a translation other labs have are listed, but not as problems."""
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", name="other")
    folder = helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    (folder / "lesson.zh.md").write_text("", "utf-8")
    assert "Not translated into 'zh': other.\n" in helpers.run_labs(tmp_path, "lint", "--all").stderr
    assert "Not translated" not in helpers.run_labs(tmp_path, "lint", "other").stderr
