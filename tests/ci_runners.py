"""Commands of CI systems and autograders, run in a shell as their runners run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import helpers

# What GitHub calls 'bash' in an action.
GITHUB_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
# GitLab's runner puts all lines of a job into one script, which begins so.
GITLAB_SHELL = ("bash", "-c")
GITLAB_SCRIPT_PREFIX = "set -eo pipefail\nset +o noclobber\n"
# What labs depends on, and is built with, is lent by this environment, which saves most of an installation's time.
# To pip, a 0 in this variable means what the option of that name does.
REUSE_INSTALLED_PACKAGES = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHONPATH": sysconfig.get_path("purelib")}


def run_command(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str], **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, as on a machine that knows nothing of the checkout.

    Args:
        argv: The command.
        folder: Where.
        environment: What the tests share of variables.
        more: Further variables.

    """
    own = {name: value for name, value in {**os.environ, **environment}.items() if name != "PYTHONPATH"}
    return subprocess.run(argv, env=own | more, cwd=folder, capture_output=True, text=True, check=False)


def record_labs_arguments(argv: Sequence[str], programs: Path, **variables: str) -> list[str]:
    """Run a command where `labs` does nothing, and return the words that followed it.

    Args:
        argv: The command.
        programs: The folder in which it looks for `labs`, which is made.
        variables: What it finds in the environment.

    """
    noted = programs.parent / "noted"
    helpers.write_script(programs, "labs", f"printf '%s\\0' \"$@\" >'{noted}'\n")
    done = run_command(argv, programs, variables)
    assert 0 == done.returncode, done.stderr
    return noted.read_text("utf-8").split("\0")[:-1]


def create_checkout_repository(folder: Path) -> Path:
    """Make a repository of the checkout as it is now, on the branch main, and return it."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=helpers.CHECKOUT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (helpers.CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(helpers.CHECKOUT / name, folder / name)
    commit_all(folder)
    return folder


def commit_all(folder: Path, date: str = "2026-11-02T10:00:00 +0000") -> None:
    """Commit all that lies in a folder at a time, on its branch main; make it a repository if it is none."""
    when = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    who = ["-c", "user.name=A Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], [*who, "commit", "--quiet", "-mAll"]):
        subprocess.run(["git", *words], cwd=folder, env=os.environ | when, check=True)


def validate_schema(name: str, file: Path) -> None:
    """Hold a file against a schema that its system has published."""
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
