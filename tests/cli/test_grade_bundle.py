"""`labs grade bundle` as a process: what it prints, and its usage errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
CHECKS = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It works.'''\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with a custom lab."""
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gradescope", "--lab", "tinny"], "There is no lab 'tinny'."),
        (["gradescope", "--lab", "tiny", "--checks", "checks/none"], "checks/none/test_tiny.py does not exist."),
        (["gradescope", "--lab", "tiny", "--driver", "dokcer"], "There is no driver 'dokcer'."),
        (
            ["gradescope", "--lab", "tiny", "--out", "none/a.zip"],
            "Cannot write none/a.zip: the folder none does not exist.",
        ),
        (["gradescope", "--lab", "tiny", "--artifacts", "none"], "'labs images export none --driver uml' creates it."),
        (["gradescoop", "--lab", "tiny"], "'gradescoop' is not one of"),
        (["gradescope"], "Missing option '--lab'"),
    ],
)
def test_usage_errors(arguments: list[str], message: str, tree: Path) -> None:
    """A mistake on the command line is reported, exits with 2, and writes nothing."""
    result = helpers.run_labs(tree, "grade", "bundle", *arguments)
    assert (2, "") == (result.returncode, result.stdout)
    assert message in result.stderr
    assert [] == [*tree.glob("*.zip")]


def test_command(tree: Path) -> None:
    """`labs grade bundle` writes a bundle and the next step; a folder named 'bundle' can still be graded."""
    result = helpers.run_labs(tree, "grade", "bundle", "gradescope", "--lab", "tiny")
    assert (0, "") == (result.returncode, result.stderr)
    assert result.stdout.startswith("Wrote gradescope.zip.\nUpload it")
    assert (tree / "gradescope.zip").is_file()
    assert "The folder bundle does not exist." in helpers.run_labs(tree, "grade", "./bundle").stderr
    assert (
        "Usage: labs grade bundle [OPTIONS] {classroom50|gradescope}"
        in helpers.run_labs(tree, "grade", "bundle", "-h").stdout
    )
