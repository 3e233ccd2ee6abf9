"""The pages for instructors: all of their commands are run as they are written, in order."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ci_runners, docs_examples, helpers
from tests.support.labs_command import LABS_TREE, LabsRunner
from tests.support.ladder_submissions import HIDDEN_CHECK, SWARM_BLOCK, THIRD_BLOCK, VOLUMES_BLOCK, write_submissions

LAB = "swarm-basics"


class PageRunner:
    """Runs the shell blocks of a page in an isolated folder."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        # A lab that takes a few seconds, under the name that the pages use.
        shutil.copytree(LABS_TREE / "labs" / "ladder", folder / "tree" / "labs" / LAB)
        shutil.copytree(LABS_TREE / "labs" / "solo", folder / "tree" / "labs" / "solo")
        (folder / "tree" / "checks").mkdir()
        shutil.copy(LABS_TREE / "checks" / "test_ladder.py", folder / "tree" / "checks" / "test_swarm_basics.py")
        helpers.write_script(folder / "bin", "labs", f'exec "{sys.executable}" -m tests.support.labs_wrapper "$@"\n')
        self._environment = {
            **os.environ,
            **environment,
            "HOME": str(folder),
            "LABS_ROOT": str(folder / "tree"),
            "COMMAND_RECORD": str(folder / "commands.jsonl"),
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "SHELL_INPUT": str(folder / "shell-input"),
            **_git_settings(f"file://{folder}/github/"),
        }

    def run_blocks(self, *blocks: str) -> str:
        """Run shell blocks, each of which must succeed, and return their error output."""
        errors = []
        for block in blocks:
            argv = ["bash", "-euo", "pipefail", "-c", block]
            result = subprocess.run(
                argv, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False
            )
            assert 0 == result.returncode, f"{block}\n{result.stdout}\n{result.stderr}"
            errors.append(result.stderr)
        return "".join(errors)

    @property
    def recorded_commands(self) -> list[list[str | int]]:
        """The arguments of each labs command, with its exit status at the end."""
        return [json.loads(line) for line in (self.folder / "commands.jsonl").read_text("utf-8").splitlines()]

    def read_earned_points(self, file: str = "grades.csv") -> dict[str, str]:
        """Return the points in a table of grades, by learner."""
        with (self.folder / file).open(encoding="utf-8-sig") as table:
            return {row["submission"]: row["earned"] for row in csv.DictReader(table)}


def _git_settings(github: str) -> dict[str, str]:
    """Return variables that make git use a folder as GitHub, and set the author of commits."""
    settings = {f"url.{github}.insteadOf": "https://github.com/", "user.name": "A Test", "user.email": "a@example.com"}
    variables = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_CONFIG_GLOBAL": "/dev/null"}
    for number, (name, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


@pytest.fixture
def page_runner(environment: dict[str, str], labs: LabsRunner, tmp_path: Path) -> Iterator[PageRunner]:
    """Return a runner for a page, and remove its cluster afterwards."""
    yield PageRunner(tmp_path, environment)
    labs("rm", LAB)


def test_instructor_pages(page_runner: PageRunner) -> None:
    """All commands for instructors work: from nothing to a graded class, reports, hidden checks, values and bundles."""
    folder = page_runner.folder
    write_submissions(folder / "submissions", {"bob": SWARM_BLOCK + VOLUMES_BLOCK})
    text = (folder / "submissions" / "bob" / "submission.md").read_text("utf-8")
    (folder / "submissions" / "bob" / "submission.md").write_text(text.replace("ladder", LAB), "utf-8")
    (folder / "shell-input").write_text("docker swarm init --advertise-addr eth0\n", "utf-8")
    (folder / "course" / "hidden").mkdir(parents=True)
    (folder / "course" / "hidden" / "test_swarm_basics.py").write_text(HIDDEN_CHECK, "utf-8")
    for page in docs_examples.INSTRUCTOR_PAGES:
        page_runner.run_blocks(*docs_examples.list_code_blocks(page, "sh"))
    assert {0, 1} >= {command[-1] for command in page_runner.recorded_commands}
    assert [0] == [command[-1] for command in page_runner.recorded_commands if "--audit" in command]
    assert {"ada": "1", "bob": "3"} == page_runner.read_earned_points()
    assert (folder / "grades.html").is_file()
    assert (folder / "swarm-basics.zip").is_file()


def test_from_github_classroom(page_runner: PageRunner) -> None:
    """All commands in the guide from GitHub Classroom work: from a roster to repositories, grades and feedback."""
    github = page_runner.folder / "github" / "ORG"
    early, late = "2026-11-29T10:00:00 +0000", "2026-12-02T10:00:00 +0000"
    for login, texts in {"ada-l": (SWARM_BLOCK, SWARM_BLOCK + VOLUMES_BLOCK), "bobby": ("", SWARM_BLOCK)}.items():
        work = github / f"work-{login}"
        for text, date in zip(texts, (early, late), strict=True):
            if text:
                write_submissions(github, {work.name: text})
                ci_runners.commit_all(work, date)
        subprocess.run(["git", "clone", "--quiet", "--bare", work, github / f"swarm-basics-{login}.git"], check=True)
    rows = ['"identifier","github_username","github_id","name"', '"ada","ada-l","1","Ada"', '"bob","bobby","2","Bob"']
    rows += ['"eve","eve","3","Eve"', '"zoe","","",""']
    (page_runner.folder / "classroom_roster.csv").write_text("\n".join(rows) + "\n", "utf-8")
    blocks = docs_examples.list_code_blocks(docs_examples.FROM_CLASSROOM_PAGE, "sh")
    assert "No GitHub user name: zoe\n" in page_runner.run_blocks(*blocks)
    assert {0, 1} >= {command[-1] for command in page_runner.recorded_commands}
    assert {"ada": "1", "bob": "0", "eve": "0"} == page_runner.read_earned_points()
    pages = {path.name: path.read_text("utf-8") for path in (page_runner.folder / "feedback").iterdir()}
    assert ["ada-l.md", "bobby.md", "eve.md"] == sorted(pages)
    assert "1 of 4" in pages["ada-l.md"]
    ci_runners.validate_schema(
        "github-workflows", page_runner.folder / "template" / ".github" / "workflows" / "grade.yml"
    )
    assert "eve\n" == (page_runner.folder / "failed.txt").read_text("utf-8")
    # The deadline is extended, and two learners push again.
    for login in ("ada-l", "eve"):
        write_submissions(github, {f"work-{login}": SWARM_BLOCK + THIRD_BLOCK})
        ci_runners.commit_all(github / f"work-{login}", "2026-12-03T10:00:00 +0000")
    subprocess.run(
        ["git", "push", "--quiet", github / "swarm-basics-ada-l.git", "main"], cwd=github / "work-ada-l", check=True
    )
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", github / "work-eve", github / "swarm-basics-eve.git"], check=True
    )
    page_runner.run_blocks(
        *(block.replace("11-30", "12-03") for block in blocks if "failed.txt" in block or "deadline=" in block)
    )
    assert "" == (page_runner.folder / "failed.txt").read_text("utf-8")
    collected = {
        path.parent.name: path.read_text("utf-8") for path in page_runner.folder.glob("submissions/*/submission.md")
    }
    assert {"ada": True, "bob": False, "eve": True} == {name: "third" in text for name, text in collected.items()}
