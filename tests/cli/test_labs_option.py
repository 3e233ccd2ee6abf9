"""`labs --labs DIR`: labs and checks of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


@pytest.fixture(autouse=True)
def _two_trees(tmp_path: Path) -> None:
    helpers.write_lab(tmp_path, LESSON)
    helpers.write_lab(tmp_path / "mine", LESSON.replace("title: Tiny", "title: Mine"), name="mine")


@pytest.mark.parametrize("tree", ["mine", "./mine", "~/mine", "elsewhere/../mine"])
def test_list(tree: str, tmp_path: Path) -> None:
    """The folder takes the place of the other labs, however it is written, and of `LABS_ROOT`."""
    (tmp_path / "elsewhere").mkdir()
    done = helpers.run_labs(tmp_path, "--labs", tree, "list")
    listed = [line.split()[0] for line in done.stdout.splitlines() if line[0] != " "]
    assert (0, ["LAB", "mine"]) == (done.returncode, listed)


def test_show(tmp_path: Path) -> None:
    """What takes a lab finds those of the folder, and no others."""
    assert "\nMine\n" in helpers.run_labs(tmp_path, "--labs", "mine", "show", "mine").stdout
    done = helpers.run_labs(tmp_path, "--labs", "mine", "show", "tiny")
    assert (2, "There is no lab 'tiny'.") == (done.returncode, done.stderr.splitlines()[0])


@pytest.mark.parametrize("words", [["show", "mine"], ["start", "mine"], ["verify", "mine"], ["lint", "mine"]])
def test_nowhere(words: list[str], tmp_path: Path) -> None:
    """A folder without labs is told of by its name."""
    done = helpers.run_labs(tmp_path, "--labs", "nowhere", *words)
    assert (2, "") == (done.returncode, done.stdout)
    assert [
        f"The folder {tmp_path}/nowhere/labs does not exist, so there is no lab 'mine'.",
        "'labs --labs DIR' and LABS_ROOT name the folder that holds 'labs' and 'checks'; 'labs new' makes a first lab.",
    ] == done.stderr.splitlines()


def test_no_labs_yet(tmp_path: Path) -> None:
    """Where there are no labs yet, it is told how to make one."""
    said = f"There is no lab in {tmp_path}/no[w]here/labs. 'labs new NAME' creates one.\n"
    listed = helpers.run_labs(tmp_path, "--labs", "no[w]here", "list")
    assert (0, said) == (listed.returncode, listed.stdout)
    linted = helpers.run_labs(tmp_path, "--labs", "no[w]here", "lint", "--all")
    assert (2, said.split()) == (linted.returncode, linted.stderr.split())


def test_nobodys_home(tmp_path: Path) -> None:
    """A `~` that no shell has replaced, since nobody is called so, is told like any folder that is missing."""
    done = helpers.run_labs(tmp_path, "--labs", "~nobody-at-all/mine", "show", "mine")
    assert 2 == done.returncode
    assert done.stderr.startswith(f"The folder {tmp_path}/~nobody-at-all/mine/labs does not exist, so there is no lab 'mine'.")


def test_completion(tmp_path: Path) -> None:
    """The labs of the folder are completed."""
    words = {"_LABS_COMPLETE": "bash_complete", "COMP_WORDS": "labs --labs mine show m", "COMP_CWORD": "4"}
    assert "plain,mine\n" == helpers.run_labs(tmp_path, **words).stdout
