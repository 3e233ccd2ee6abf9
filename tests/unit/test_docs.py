"""The documentation's examples, links and lists are correct."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from runner.lessons import parse
from runner.lessons.lint import linter
from tests.support import docs_examples, helpers

PAGES = sorted([*helpers.CHECKOUT.glob("*.md"), *helpers.CHECKOUT.glob("docs/*.md")])


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the worked example to a temporary tree, and return the tree."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    docs_examples.write_worked_example(tmp_path)
    return tmp_path


def test_example_lint(example: Path) -> None:
    """Lint finds nothing in the worked example."""
    assert () == linter.lint_labs(["notice-board"])
    assert [example / "labs" / "notice-board"] == [*(example / "labs").iterdir()]


def test_example_features(example: Path) -> None:
    """The worked example uses every feature of the lesson format."""
    lab = parse.parse_lab(example / "labs" / "notice-board")
    commands = [command for step in lab.lesson.steps for command in step.commands]
    misses = {parse.parse_near_miss(path, lab).is_played_after for path in lab.near_miss_paths}
    assert {True, False} == misses
    assert [True] * 5 == [
        any(command.capture_name for command in commands),
        any(command.exit_status for command in commands),
        any(command.retry_seconds for command in commands),
        any(command.expected_output for command in commands),
        any(hint.check_name and hint.says for step in lab.lesson.steps for hint in step.hints),
    ]
    assert lab.solution_path("challenge").is_file()


def test_example_style(example: Path) -> None:
    """The checks of the worked example pass our own style checks."""
    file = example / "checks" / "test_notice_board.py"
    settings = helpers.CHECKOUT / "pyproject.toml"
    for arguments in (("check",), ("format", "--check")):
        assert 0 == subprocess.run([sys.executable, "-m", "ruff", *arguments, "--config", settings, file]).returncode


def test_gradescope_export(tmp_path: Path) -> None:
    """The program for a Gradescope export renames the folders to the learners' ids in its autograder."""
    (program,) = docs_examples.list_code_blocks(docs_examples.INSTRUCTORS_PAGE, "python")
    emails = {"submission_1": ["ada@example.com"], "submission_2": ["eve@example.com", "bob+x@example.com"]}
    for folder in emails:
        (tmp_path / folder).mkdir()
    metadata = {
        folder: {":submitters": [{":email": email} for email in submitters]} for folder, submitters in emails.items()
    }
    (tmp_path / "submission_metadata.yml").write_text(yaml.safe_dump(metadata), "utf-8")
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)
    names = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert {"ada@example.com", "bob+x@example.com+eve@example.com"} == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """Every link to a file or a heading has an existing target."""
    text = re.sub(r"`[^`\n]*`", "", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if not path.startswith(("http:", "https:")):
            file = page.parent / path if path else page
            assert file.exists(), target
            assert not anchor or anchor in list_anchors(file), target


def list_anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub generates for a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
