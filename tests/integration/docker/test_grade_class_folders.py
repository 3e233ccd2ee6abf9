"""Grading a class as it was handed in: nested folders, archives, near names, and files of Windows."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from runner.grading.grade_model import Grade
from tests.support.labs_command import LabsRunner
from tests.support.ladder_submissions import SWARM_BLOCK, VOLUMES_BLOCK, grade_folder, list_outcomes, make_block

LAB = "---\nlab: ladder\n---\n"
SWARM_ONLY = "passed failed failed failed"
NOTES = {
    "ada": (),
    "bob": ("work/Submission (1).md was read as submission.md",),
    "cy": ("line ends of Windows were converted in make", "made executable: make"),
    "dan": ("line ends of Windows were converted in app/make.sh", "made executable: app/make.sh"),
    "eve": ("ladder/submission.md is graded; these files are not: trio/submission.md",),
    "fay": (),
}


def write_class(folder: Path) -> Path:
    """Write a class of which each submission creates a swarm, and return its folder."""
    script = "#!/bin/bash\r\ndocker swarm init --advertise-addr eth0\r\n"
    texts = {
        "ada/ladder/submission.md": LAB + SWARM_BLOCK,
        "bob/work/Submission (1).md": f"# Mine\n\n---\nLab: Ladder  # the first\n---\n{SWARM_BLOCK}",
        "dan/app/make.sh": script,
        "dan/submission.md": (LAB + make_block("app/make.sh")).replace("\n", "\r\n"),
        "eve/ladder/submission.md": LAB + SWARM_BLOCK,
        "eve/trio/submission.md": f"---\nlab: trio\n---\n{VOLUMES_BLOCK}",
        "fay/submission.md": f"{LAB}{SWARM_BLOCK}{VOLUMES_BLOCK.replace('sh node1', 'bash node1')}",
        "guy/1/submission.md": LAB + SWARM_BLOCK,
        "guy/2/submission.md": LAB + VOLUMES_BLOCK,
        "__MACOSX/ada/._submission.md": "",
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    with zipfile.ZipFile(folder / "cy.zip", "w") as archive:
        archive.writestr("ladder\\submission.md", LAB + make_block("./make"))
        archive.writestr("ladder\\make", script)
    with tarfile.open(folder / "hal.tar.gz", "w:gz") as archive:
        content = (LAB + VOLUMES_BLOCK).encode()
        member = tarfile.TarInfo("submission.md")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
        member = tarfile.TarInfo("stack.yml")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    return folder


@pytest.fixture(scope="module")
def grades(labs: LabsRunner, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Grade]:
    """Grade the class in one command, and return the grades by name."""
    folder = write_class(tmp_path_factory.mktemp("handed-in") / "class")
    result, grades = grade_folder(labs, folder, "--driver", "docker", "--lab", "ladder")
    assert 4 == result.returncode, result.stdout + result.stderr
    return grades


def test_learners(grades: dict[str, Grade]) -> None:
    """Each folder and archive is a learner, in alphabetical order, and nothing else is."""
    assert ["ada", "bob", "cy", "dan", "eve", "fay", "hal", "guy"] == list(grades)


@pytest.mark.parametrize("name", NOTES)
def test_points(grades: dict[str, Grade], name: str) -> None:
    """A submission gets its points wherever it is and whatever happened to it, and a note says what was done."""
    assert (SWARM_ONLY, NOTES[name]) == (" ".join(list_outcomes(grades[name])), grades[name].notes)


def test_problems(grades: dict[str, Grade]) -> None:
    """What was left out is reported."""
    block = "submission.md:7: a 'bash' block never runs; start a command with ```sh node1 at the left margin"
    link = "hal.tar.gz/stack.yml:1: symbolic link; replace it with the file itself"
    assert ((block,), (link,)) == (grades["fay"].problems, grades["hal"].problems)
    assert "failed passed passed failed" == " ".join(list_outcomes(grades["hal"]))


def test_several_submissions(grades: dict[str, Grade]) -> None:
    """A learner with several submissions for the lab is not graded, and both are named."""
    assert not grades["guy"].is_complete
    assert grades["guy"].trouble.startswith("2 files could be its submission.md: 1/submission.md, 2/submission.md.")
