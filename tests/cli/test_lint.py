"""`labs lint`: its output and exit codes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from runner import paths
from runner.lessons import catalog
from runner.lessons.lint import linter
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
    """Every problem is printed with its line, the rule and a relative path, then their number and what to type."""
    helpers.write_lab(tmp_path, LESSON.replace("ls", "ls )").replace("Look.", "[Look](away.md)\x1b[2J"), checks=CHECKS)
    result = helpers.run_labs(tmp_path, "lint", "tiny")
    assert 3 == result.returncode
    assert [
        "labs/tiny/lesson.md:11: L016 shell-syntax-error: bash: syntax error near unexpected token `)'",
        "labs/tiny/lesson.md:14: L018 invisible-character: remove the invisible character U+001B CONTROL CHARACTER",
        "labs/tiny/lesson.md:14: L019 broken-link: the link 'away.md' points to a file that does not exist",
    ] == result.stdout.splitlines()
    assert "'tiny': 3 problems. 'labs lint --explain L016' explains the first one.\n" == result.stderr


def test_paths_from_another_folder(tmp_path: Path) -> None:
    """From another folder the paths are absolute, so that they can be opened."""
    helpers.write_lab(tmp_path, f"{LESSON}[Look](away.md)\n", checks=CHECKS)
    (tmp_path / "elsewhere").mkdir()
    result = helpers.run_labs(tmp_path / "elsewhere", "--labs", str(tmp_path), "lint", "tiny")
    problem = "lesson.md:16: L019 broken-link: the link 'away.md' points to a file that does not exist"
    assert f"{tmp_path}/labs/tiny/{problem}\n" == result.stdout


def test_all_labs(tmp_path: Path) -> None:
    """`--all` lints every lab of a tree: the test labs lack checks, hints and solutions, and nothing else."""
    tree = helpers.CHECKOUT / "tests" / "tree"
    result = helpers.run_labs(tmp_path, "--labs", str(tree), "lint", "--all")
    assert 3 == result.returncode
    lines = [line.replace(f"{tree}/", "").split(" ", 3)[:3] for line in result.stdout.splitlines()]
    assert [
        "checks/test_meshed.py:1: L001 invalid-file:",
        "checks/test_solo.py:1: L001 invalid-file:",
        "checks/test_unsettled.py:1: L001 invalid-file:",
        "labs/ladder/lesson.md:34: L004 step-without-check:",
        "labs/ladder/lesson.md:34: L005 step-without-hint:",
        "labs/ladder/lesson.md:34: L006 step-without-command:",
        "labs/ladder/lesson.md:65: L004 step-without-check:",
        "labs/ladder/lesson.md:65: L005 step-without-hint:",
        "labs/ladder/lesson.md:65: L006 step-without-command:",
        "labs/meshed/lesson.md:13: L005 step-without-hint:",
        "labs/solo/lesson.md:12: L005 step-without-hint:",
        "labs/trio/lesson.md:16: L005 step-without-hint:",
        "labs/trio/lesson.md:30: L005 step-without-hint:",
        "labs/unsettled/lesson.md:12: L005 step-without-hint:",
    ] == [" ".join(words) for words in lines]


def test_rules(tmp_path: Path) -> None:
    """`--rules` lists every rule with its code, its name and what must be true."""
    lines = helpers.run_labs(tmp_path, "lint", "--rules").stdout.splitlines()
    assert "L004  step-without-check       Every step has a check." in lines


@pytest.mark.parametrize("rule", ["L016", "l016", "shell-syntax-error"])
def test_explain(rule: str, tmp_path: Path) -> None:
    """`--explain` prints the page of a rule, which is named by its code or its name."""
    result = helpers.run_labs(tmp_path, "lint", "--explain", rule)
    assert 0 == result.returncode
    assert "L016 shell-syntax-error" in result.stdout
    assert "<!-- labs: ignore L016 -->" in result.stdout
    assert "labs/tiny/lesson.md:\n" in re.sub(" +\n", "\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Which labs?\nName them, as in 'labs lint swarm-basics', or run 'labs lint --all'.\n"),
        (["tiny", "--all"], "Which labs?\nName them, as in 'labs lint swarm-basics', or run 'labs lint --all'.\n"),
        (["--explain", "L999"], "There is no lint rule 'L999'.\n'labs lint --rules' lists them.\n"),
        (
            ["tiny", "--explain", "L001"],
            "Cannot lint labs and explain rules at once.\n'labs lint --help' shows examples.\n",
        ),
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


def test_built_in_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The built-in labs have no problems, and linting a lab takes less than half a second."""
    monkeypatch.delenv("LABS_ROOT", raising=False)
    assert paths.uses_built_in_labs()
    names = catalog.list_lab_names()
    started = time.process_time()
    assert () == linter.lint_labs(names)
    assert 0.5 * len(names) > time.process_time() - started
