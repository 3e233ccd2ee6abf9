"""`labs new`: its output."""

from __future__ import annotations

from pathlib import Path

from tests.support import helpers

FILES = """\
  {root}/checks/test_my_lab.py
  {root}/labs/my-lab/lesson.md
  {root}/labs/my-lab/setup.sh
  {root}/labs/my-lab/solution/challenge.md
  {root}/labs/my-lab/wrong/after-failures-only.md
  {root}/labs/my-lab/wrong/created-only.md
"""
NEXT = """\
  labs lint my-lab           what can be checked without a cluster
  labs verify my-lab         everything else, on real nodes
"""


def test_new(tmp_path: Path) -> None:
    """It lists the created files and what to type next."""
    result = helpers.run_labs(tmp_path, "new", "my-lab")
    output = f"Created my-lab:\n{FILES.format(root=tmp_path)}Edit these files, then check your lab:\n{NEXT}"
    assert (0, output, "") == (result.returncode, result.stdout, result.stderr)
    assert "my-lab" in helpers.run_labs(tmp_path, "list").stdout


def test_with_labs_option(tmp_path: Path) -> None:
    """If the folder was given with --labs, the output shows how to set LABS_ROOT."""
    result = helpers.run_labs(tmp_path, "--labs", "mine", "new", "my-lab")
    tail = f"Edit these files, then check your lab:\n  export LABS_ROOT={tmp_path}/mine\n{NEXT}"
    assert result.stdout.endswith(f"{FILES.format(root=tmp_path / 'mine')}{tail}")


def test_existing_name(tmp_path: Path) -> None:
    """An existing name is refused, and so is an invalid one."""
    helpers.run_labs(tmp_path, "new", "my-lab")
    result = helpers.run_labs(tmp_path, "new", "my-lab")
    message = f"{tmp_path}/labs/my-lab already exists.\nChoose another name, or remove it.\n"
    assert (2, "", message) == (result.returncode, result.stdout, result.stderr)
    assert 2 == helpers.run_labs(tmp_path, "new", "My lab").returncode
