"""The workflows and the action for GitHub: valid for its schemas and actionlint, and tested as its runner runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ci_runners, docs_examples, helpers

GITHUB = helpers.CHECKOUT / ".github"
ACTION = GITHUB / "actions" / "grade" / "action.yml"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("github-workflows", path) for path in WORKFLOWS),
        *(("github-actions", path) for path in sorted(GITHUB.glob("actions/*/action.yml"))),
        *(("github-issue-forms", path) for path in sorted(GITHUB.glob("ISSUE_TEMPLATE/[!c]*.yml"))),
        ("github-issue-config", GITHUB / "ISSUE_TEMPLATE" / "config.yml"),
        ("dependabot", GITHUB / "dependabot.yml"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_schema(schema: str, file: Path) -> None:
    """Workflows, actions, issue forms and settings are valid for GitHub's published schemas."""
    ci_runners.validate_schema(schema, file)


def _run_actionlint(folder: Path, file: Path) -> str:
    """Return actionlint's messages about a workflow; it checks the scripts with shellcheck."""
    # Both are in the folder of the Python program, whether its environment is activated or not.
    search_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    actionlint = shutil.which("actionlint", path=search_path)
    assert actionlint
    argv = [actionlint, "-no-color", str(file)]
    process = subprocess.run(
        argv, cwd=folder, env={**os.environ, "PATH": search_path}, capture_output=True, text=True, check=False
    )
    return process.stdout + process.stderr


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_workflow(file: Path) -> None:
    """Actionlint finds no problem in the workflows."""
    assert "" == _run_actionlint(helpers.CHECKOUT, file)


def test_page(tmp_path: Path) -> None:
    """The workflow in the guide for GitHub is valid, and passes the inputs that the called workflow declares."""
    blocks = docs_examples.list_code_blocks(docs_examples.GITHUB_PAGE, "yaml")
    (example,) = [block for block in blocks if "uses" in block]
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    # actionlint only reads a called workflow in the same repository.
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (folder / "called.yml").write_text((GITHUB / "workflows" / "grade.yml").read_text("utf-8"), "utf-8")
    local = example.replace("OWNER/labs/.github/workflows/grade.yml@main", "./.github/workflows/called.yml")
    assert local != example
    (folder / "grade.yml").write_text(local, "utf-8")
    assert "" == _run_actionlint(tmp_path, folder / "grade.yml")
    (folder / "grade.yml").write_text(local.replace("lab:", "lob:"), "utf-8")
    assert 'input "lob" is not defined' in _run_actionlint(tmp_path, folder / "grade.yml")


def test_page_with_values(tmp_path: Path) -> None:
    """The inputs for learner values in the GitHub Classroom page are inputs of the workflow."""
    blocks = docs_examples.list_code_blocks(docs_examples.FROM_CLASSROOM_PAGE, "yaml")
    (example,) = [block for block in blocks if "learner" in block]
    inputs = yaml.safe_load(example)["with"]
    workflow = yaml.safe_load((GITHUB / "workflows" / "grade.yml").read_text("utf-8"))
    # In YAML 1.1 the key 'on' is a Boolean.
    assert set(inputs) <= set(workflow[True]["workflow_call"]["inputs"])
    (step,) = [step for step in workflow["jobs"]["grade"]["steps"] if step.get("uses", "").startswith("./labs")]
    assert {"seed": "${{ inputs.seed }}", "learner": "${{ inputs.learner }}"}.items() <= step["with"].items()


@pytest.mark.parametrize(("line", "message"), [("", ""), ("\necho $GRADE_LAB", "SC2086")])
def test_action_as_workflow(line: str, message: str, tmp_path: Path) -> None:
    """actionlint, which reads only workflows, finds no problem in the action's steps within a workflow."""
    action = yaml.safe_load(ACTION.read_text("utf-8"))
    inputs = {name: {"type": "string", "default": settings["default"]} for name, settings in action["inputs"].items()}
    steps = action["runs"]["steps"]
    steps[-1]["run"] += line
    job = {"runs-on": "ubuntu-24.04", "steps": steps}
    file = tmp_path / ".github" / "workflows" / "action.yml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"grade": job}}), "utf-8")
    output = _run_actionlint(tmp_path, file)
    assert (message in output) if message else output == ""


def _read_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]
    return steps


def test_no_expressions_in_scripts() -> None:
    """No script of the action contains an expression, because its value could be someone else's commands."""
    assert [] == [step["name"] for step in _read_steps() if "${{" in step["run"]]


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [({}, []), ({"GRADE_SEED": "two words", "GRADE_LEARNER": "ada"}, ["--seed", "two words", "--learner", "ada"])],
)
def test_values(variables: dict[str, str], arguments: list[str], tmp_path: Path) -> None:
    """The action passes the seed and the learner as one argument each, or not at all if they are empty."""
    step = _read_steps()[-1]
    assert {"GRADE_SEED": "${{ inputs.seed }}", "GRADE_LEARNER": "${{ inputs.learner }}"}.items() <= step["env"].items()
    empty = dict.fromkeys(step["env"], "")
    runner = {
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": "summary.md",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    recorded = ci_runners.record_labs_arguments(
        [*ci_runners.GITHUB_SHELL, step["run"]], tmp_path / "labs" / "bin", **{**runner, **empty, **variables}
    )
    assert arguments == recorded[2 : recorded.index("--driver")]
