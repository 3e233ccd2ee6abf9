"""Run the commands of CI systems and autograders in a shell, in the same way as their runners do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.support import helpers, source_files

# The command that GitHub runs for 'shell: bash'.
GITHUB_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
# GitLab's runner joins all lines of a job into one script that begins with these options.
GITLAB_SHELL = ("bash", "-c")
GITLAB_SCRIPT_PREFIX = "set -eo pipefail\nset +o noclobber\n"
# Variables that make pip reuse the dependencies and build tools of this environment, which saves most of the time.
# PIP_NO_BUILD_ISOLATION=0 is the value that disables build isolation, despite its look.
REUSE_INSTALLED_PACKAGES = {
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",
    "PYTHONPATH": sysconfig.get_path("purelib"),
}


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """A step of a GitHub workflow that runs commands.

    Attributes:
        workflow: The name of the workflow's file, without its suffix.
        job: The name of the job.
        script: The commands.
        variables: The environment variables that the step sets, with expressions that GitHub would replace.

    """

    workflow: str
    job: str
    script: str
    variables: Mapping[str, str]


def list_workflow_steps(workflows: Iterable[Path]) -> list[WorkflowStep]:
    """Return all steps of GitHub workflows that run commands."""
    steps = []
    for file in workflows:
        for job_name, job in yaml.safe_load(file.read_text("utf-8"))["jobs"].items():
            for step in job.get("steps", ()):
                if "run" in step:
                    variables = {**job.get("env", {}), **step.get("env", {})}
                    steps.append(WorkflowStep(file.stem, job_name, step["run"].strip(), variables))
    return steps


def run_command(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str], **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without access to this checkout.

    Args:
        argv: The command.
        folder: The working directory.
        environment: The environment variables that all tests share.
        variables: Additional environment variables.

    """
    inherited = {name: value for name, value in {**os.environ, **environment}.items() if name != "PYTHONPATH"}
    return subprocess.run(argv, env=inherited | variables, cwd=folder, capture_output=True, text=True, check=False)


def record_labs_arguments(argv: Sequence[str], programs: Path, **variables: str) -> list[str]:
    """Run a command with a fake `labs` program, and return the arguments that the program received.

    Args:
        argv: The command.
        programs: The folder for the fake program; it is created, and must be in the command's PATH.
        variables: Environment variables of the command.

    """
    arguments = programs.parent / "arguments"
    helpers.write_script(programs, "labs", f"printf '%s\\0' \"$@\" >'{arguments}'\n")
    result = run_command(argv, programs, variables)
    assert 0 == result.returncode, result.stderr
    return arguments.read_text("utf-8").split("\0")[:-1]


def create_checkout_repository(folder: Path) -> Path:
    """Create a Git repository with the current files of this checkout, on the branch main, and return its folder."""
    for name in source_files.list_source_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(helpers.CHECKOUT / name, folder / name)
    commit_all(folder)
    return folder


def commit_all(folder: Path, date: str = "2026-11-02T10:00:00 +0000") -> None:
    """Commit all files of a folder with a date on the branch main; create the repository if there is none."""
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    author = ["-c", "user.name=A Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        [*author, "commit", "--quiet", "-mAll"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, env=os.environ | dates, check=True)


def validate_schema(name: str, file: Path) -> None:
    """Check a file against a schema that ships with check-jsonschema, such as 'github-workflows'."""
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}", str(file)]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert 0 == result.returncode, result.stdout + result.stderr
