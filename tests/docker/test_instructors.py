"""The pages for instructors: every command in them is typed as it stands there, one after the other."""

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

from tests import ci_runners, docs_examples, helpers
from tests.conftest import LABS_TREE, LabsRunner
from tests.ladder_submissions import HIDDEN, SWARM, THIRD, VOLUMES, write

LAB = "swarm-basics"


class Typist:
    """Types what a page shows, in a folder that is all its world."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        # A lab that takes a few seconds, under the name that the pages speak of.
        shutil.copytree(LABS_TREE / "labs" / "ladder", folder / "tree" / "labs" / LAB)
        shutil.copytree(LABS_TREE / "labs" / "solo", folder / "tree" / "labs" / "solo")
        (folder / "tree" / "checks").mkdir()
        shutil.copy(LABS_TREE / "checks" / "test_ladder.py", folder / "tree" / "checks" / "test_swarm_basics.py")
        helpers.write_script(folder / "bin", "labs", f'exec "{sys.executable}" -m tests.terminal_labs "$@"\n')
        self._environment = {
            **os.environ,
            **environment,
            "HOME": str(folder),
            "LABS_ROOT": str(folder / "tree"),
            "NOTED": str(folder / "noted"),
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "TYPED": str(folder / "typed"),
            **_git(f"file://{folder}/github/"),
        }

    def type(self, *blocks: str) -> str:
        """Type shell blocks, each of which must succeed; return what they have complained of."""
        said = []
        for block in blocks:
            argv = ["bash", "-euo", "pipefail", "-c", block]
            done = subprocess.run(
                argv, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False
            )
            assert 0 == done.returncode, f"{block}\n{done.stdout}\n{done.stderr}"
            said.append(done.stderr)
        return "".join(said)

    @property
    def noted(self) -> list[list[str | int]]:
        """What was typed of labs, each command with how it has ended."""
        return [json.loads(line) for line in (self.folder / "noted").read_text("utf-8").splitlines()]

    def earned(self, file: str = "grades.csv") -> dict[str, str]:
        """Return the points in a table of grades, by learner."""
        with (self.folder / file).open(encoding="utf-8") as table:
            return {row["submission"]: row["earned"] for row in csv.DictReader(table)}


def _git(github: str) -> dict[str, str]:
    """Have git find GitHub in a folder, and know who commits."""
    settings = {f"url.{github}.insteadOf": "https://github.com/", "user.name": "A Test", "user.email": "a@example.com"}
    found = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_CONFIG_GLOBAL": "/dev/null"}
    for number, (name, value) in enumerate(settings.items()):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found


@pytest.fixture
def typist(environment: dict[str, str], labs: LabsRunner, tmp_path: Path) -> Iterator[Typist]:
    """Return who types, and leave nothing of it."""
    yield Typist(tmp_path, environment)
    labs("rm", LAB)


def test_page(typist: Typist) -> None:
    """All of docs/instructors.md can be typed: from nothing to a graded class, reports, hidden checks and bundles."""
    folder = typist.folder
    write(folder / "submissions", {"bob": SWARM + VOLUMES})
    text = (folder / "submissions" / "bob" / "submission.md").read_text("utf-8")
    (folder / "submissions" / "bob" / "submission.md").write_text(text.replace("ladder", LAB), "utf-8")
    (folder / "typed").write_text("docker swarm init --advertise-addr eth0\n", "utf-8")
    (folder / "course" / "hidden").mkdir(parents=True)
    (folder / "course" / "hidden" / "test_swarm_basics.py").write_text(HIDDEN, "utf-8")
    typist.type(*docs_examples.list_code_blocks(docs_examples.INSTRUCTORS_PAGE, "sh"))
    assert {0, 1} >= {words[-1] for words in typist.noted}
    assert [0] == [words[-1] for words in typist.noted if "--audit" in words]
    assert {"ada": "1", "bob": "3"} == typist.earned()
    assert (folder / "grades.html").is_file()
    assert (folder / "swarm-basics.zip").is_file()


def test_from_github_classroom(typist: Typist) -> None:
    """All of docs/from-github-classroom.md can be typed: from a roster to repositories, grades and feedback."""
    hub = typist.folder / "github" / "ORG"
    early, late = "2026-11-29T10:00:00 +0000", "2026-12-02T10:00:00 +0000"
    for login, texts in {"ada-l": (SWARM, SWARM + VOLUMES), "bobby": ("", SWARM)}.items():
        work = hub / f"work-{login}"
        for text, date in zip(texts, (early, late), strict=True):
            if text:
                write(hub, {work.name: text})
                ci_runners.commit_all(work, date)
        subprocess.run(["git", "clone", "--quiet", "--bare", work, hub / f"swarm-basics-{login}.git"], check=True)
    rows = ['"identifier","github_username","github_id","name"', '"ada","ada-l","1","Ada"', '"bob","bobby","2","Bob"']
    rows += ['"eve","eve","3","Eve"', '"zoe","","",""']
    (typist.folder / "classroom_roster.csv").write_text("\n".join(rows) + "\n", "utf-8")
    blocks = docs_examples.list_code_blocks(docs_examples.FROM_CLASSROOM_PAGE, "sh")
    assert "No GitHub user name: zoe\n" in typist.type(*blocks)
    assert {0, 1} >= {words[-1] for words in typist.noted}
    assert {"ada": "1", "bob": "0", "eve": "0"} == typist.earned()
    pages = {path.name: path.read_text("utf-8") for path in (typist.folder / "feedback").iterdir()}
    assert ["ada-l.md", "bobby.md", "eve.md"] == sorted(pages)
    assert "1 of 4" in pages["ada-l.md"]
    ci_runners.validate_schema("github-workflows", typist.folder / "template" / ".github" / "workflows" / "grade.yml")
    assert "eve\n" == (typist.folder / "failed.txt").read_text("utf-8")
    # The deadline is extended, and two have pushed since.
    for login in ("ada-l", "eve"):
        write(hub, {f"work-{login}": SWARM + THIRD})
        ci_runners.commit_all(hub / f"work-{login}", "2026-12-03T10:00:00 +0000")
    subprocess.run(
        ["git", "push", "--quiet", hub / "swarm-basics-ada-l.git", "main"], cwd=hub / "work-ada-l", check=True
    )
    subprocess.run(["git", "clone", "--quiet", "--bare", hub / "work-eve", hub / "swarm-basics-eve.git"], check=True)
    typist.type(*(block.replace("11-30", "12-03") for block in blocks if "failed.txt" in block or "deadline=" in block))
    assert "" == (typist.folder / "failed.txt").read_text("utf-8")
    shown = {path.parent.name: path.read_text("utf-8") for path in typist.folder.glob("submissions/*/submission.md")}
    assert {"ada": True, "bob": False, "eve": True} == {name: "third" in text for name, text in shown.items()}
