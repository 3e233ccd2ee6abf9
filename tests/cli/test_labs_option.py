"""`labs --labs DIR`: labs and checks from another folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture(autouse=True)
def _two_trees(tmp_path: Path) -> None:
    helpers.write_lab(tmp_path, LESSON)
    helpers.write_lab(tmp_path / "mine", LESSON.replace("title: Tiny", "title: Mine"), name="mine")


@pytest.mark.parametrize("tree", ["mine", "./mine", "~/mine", "elsewhere/../mine"])
def test_list(tree: str, tmp_path: Path) -> None:
    """The folder replaces the default labs and `LABS_ROOT`, in any notation of its path."""
    (tmp_path / "elsewhere").mkdir()
    result = helpers.run_labs(tmp_path, "--labs", tree, "list")
    listed = [line.split()[0] for line in result.stdout.splitlines() if line[0] != " "]
    assert (0, ["LAB", "mine"]) == (result.returncode, listed)


def test_show(tmp_path: Path) -> None:
    """A command finds the labs of the folder, and no others."""
    assert "\nMine\n" in helpers.run_labs(tmp_path, "--labs", "mine", "show", "mine").stdout
    result = helpers.run_labs(tmp_path, "--labs", "mine", "show", "tiny")
    assert (2, "There is no lab 'tiny'.") == (result.returncode, result.stderr.splitlines()[0])


@pytest.mark.parametrize("arguments", [["show", "mine"], ["start", "mine"], ["verify", "mine"], ["lint", "mine"]])
def test_missing_folder(arguments: list[str], tmp_path: Path) -> None:
    """A folder without labs is refused, and the message names it."""
    result = helpers.run_labs(tmp_path, "--labs", "nowhere", *arguments)
    assert (2, "") == (result.returncode, result.stdout)
    assert [
        f"The folder {tmp_path}/nowhere/labs does not exist, so there is no lab 'mine'.",
        "Set LABS_ROOT or use 'labs --labs DIR' to name the folder that contains 'labs' and 'checks'. "
        "'labs new' creates a first lab.",
    ] == result.stderr.splitlines()


def test_no_labs_yet(tmp_path: Path) -> None:
    """For a folder without labs, `list` and `lint` say how to create one."""
    message = f"There is no lab in {tmp_path}/no[w]here/labs. 'labs new NAME' creates one.\n"
    listed = helpers.run_labs(tmp_path, "--labs", "no[w]here", "list")
    assert (0, message) == (listed.returncode, listed.stdout)
    linted = helpers.run_labs(tmp_path, "--labs", "no[w]here", "lint", "--all")
    assert (2, message.split()) == (linted.returncode, linted.stderr.split())


def test_unknown_home(tmp_path: Path) -> None:
    """A `~` of an unknown user, which the shell leaves alone, is treated like any missing folder."""
    result = helpers.run_labs(tmp_path, "--labs", "~no-such-user/mine", "show", "mine")
    assert 2 == result.returncode
    assert result.stderr.startswith(
        f"The folder {tmp_path}/~no-such-user/mine/labs does not exist, so there is no lab 'mine'."
    )


def test_completion(tmp_path: Path) -> None:
    """The labs of the folder are completed."""
    variables = {"_LABS_COMPLETE": "bash_complete", "COMP_WORDS": "labs --labs mine show m", "COMP_CWORD": "4"}
    assert "plain,mine\n" == helpers.run_labs(tmp_path, **variables).stdout
