"""What is for GitHub: sound by its schemas and by actionlint, and its commands run as its runner runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import ci_runners, docs_examples, helpers
from tests.conftest import LABS_TREE
from tests.ladder_submissions import SWARM, write

GITHUB = helpers.CHECKOUT / ".github"
ACTION = GITHUB / "actions" / "grade" / "action.yml"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("github-workflows", path) for path in WORKFLOWS),
        *(("github-actions", path) for path in sorted(GITHUB.glob("actions/*/action.yml"))),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_schema(schema: str, file: Path) -> None:
    """Workflows and actions are what GitHub's published schemas say."""
    ci_runners.validate_schema(schema, file)


def _actionlint(folder: Path, file: Path) -> str:
    """Return what actionlint says of a workflow; it has shellcheck read the scripts."""
    # Both lie beside Python, whether its environment is activated or not.
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = shutil.which("actionlint", path=programs)
    assert found
    argv = [found, "-no-color", str(file)]
    done = subprocess.run(
        argv, cwd=folder, env={**os.environ, "PATH": programs}, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_workflow(file: Path) -> None:
    """Nothing in a workflow is found by actionlint."""
    assert "" == _actionlint(helpers.CHECKOUT, file)


def test_page(tmp_path: Path) -> None:
    """The workflow in the page for instructors is sound, and gives the one that it calls what that asks for."""
    (shown,) = [block for block in docs_examples.list_code_blocks(docs_examples.INSTRUCTORS_PAGE, "yaml") if "uses" in block]
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    # Where actionlint can look into it, which it does in repositories only.
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (folder / "called.yml").write_text((GITHUB / "workflows" / "grade.yml").read_text("utf-8"), "utf-8")
    local = shown.replace("OWNER/labs/.github/workflows/grade.yml@main", "./.github/workflows/called.yml")
    assert local != shown
    (folder / "grade.yml").write_text(local, "utf-8")
    assert "" == _actionlint(tmp_path, folder / "grade.yml")
    (folder / "grade.yml").write_text(local.replace("lab:", "lob:"), "utf-8")
    assert 'input "lob" is not defined' in _actionlint(tmp_path, folder / "grade.yml")


def test_page_with_values(tmp_path: Path) -> None:
    """What the page for those from GitHub Classroom adds for values are inputs that the workflow has."""
    (added,) = [block for block in docs_examples.list_code_blocks(docs_examples.FROM_CLASSROOM_PAGE, "yaml") if "learner" in block]
    given = yaml.safe_load(added)["with"]
    workflow = yaml.safe_load((GITHUB / "workflows" / "grade.yml").read_text("utf-8"))
    # In YAML 1.1 the word 'on' is a truth value.
    assert set(given) <= set(workflow[True]["workflow_call"]["inputs"])
    (step,) = [one for one in workflow["jobs"]["grade"]["steps"] if one.get("uses", "").startswith("./labs")]
    assert {"seed": "${{ inputs.seed }}", "learner": "${{ inputs.learner }}"}.items() <= step["with"].items()


@pytest.mark.parametrize(("line", "said"), [("", ""), ("\necho $GRADE_LAB", "SC2086")])
def test_action_as_a_workflow(line: str, said: str, tmp_path: Path) -> None:
    """Nothing is found in the action's steps as those of a workflow, which is all that actionlint reads."""
    action = yaml.safe_load(ACTION.read_text("utf-8"))
    inputs = {name: {"type": "string", "default": one["default"]} for name, one in action["inputs"].items()}
    steps = action["runs"]["steps"]
    steps[-1]["run"] += line
    job = {"runs-on": "ubuntu-24.04", "steps": steps}
    made = tmp_path / ".github" / "workflows" / "action.yml"
    made.parent.mkdir(parents=True)
    made.write_text(yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"grade": job}}), "utf-8")
    found = _actionlint(tmp_path, made)
    assert (said in found) if said else found == ""


def _steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]
    return found


def test_nothing_is_written_into_scripts() -> None:
    """No script of the action has an expression in it: what stands there could be somebody's commands."""
    assert [] == [step["name"] for step in _steps() if "${{" in step["run"]]


@pytest.mark.parametrize(
    ("given", "passed"),
    [({}, []), ({"GRADE_SEED": "two words", "GRADE_LEARNER": "ada"}, ["--seed", "two words", "--learner", "ada"])],
)
def test_values(given: dict[str, str], passed: list[str], tmp_path: Path) -> None:
    """The action passes seed and learner on, each as one word, and nothing of them where they are empty."""
    step = _steps()[-1]
    assert {"GRADE_SEED": "${{ inputs.seed }}", "GRADE_LEARNER": "${{ inputs.learner }}"}.items() <= step["env"].items()
    empty = dict.fromkeys(step["env"], "")
    runner = {
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": "summary.md",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    typed = ci_runners.record_labs_arguments(
        [*ci_runners.GITHUB_SHELL, step["run"]], tmp_path / "labs" / "bin", **{**runner, **empty, **given}
    )
    assert passed == typed[2 : typed.index("--driver")]


@pytest.mark.docker
def test_action(environment: dict[str, str], tmp_path: Path) -> None:
    """The action installs labs, grades, and leaves summary, annotations, report and status where a runner looks."""
    write(tmp_path, {"ada": SWARM})
    inputs = {"path": "ada", "lab": "", "driver": "docker", "time-limit": "60", "json": "grades.json"}
    inputs |= {"seed": "", "learner": ""}
    known = {f"inputs.{name}": value for name, value in inputs.items()} | {"github.action_path": str(ACTION.parent)}
    runner = {
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "LABS_ROOT": str(LABS_TREE),
    }
    (tmp_path / "temp").mkdir()
    ended = []
    for step in _steps():
        given = {key: _filled(value, known) for key, value in step["env"].items()}
        ended.append(
            ci_runners.run_command(
                [*ci_runners.GITHUB_SHELL, step["run"]], tmp_path, environment, **{**ci_runners.REUSE_INSTALLED_PACKAGES, **runner, **given}
            )
        )
    assert [0, 1] == [done.returncode for done in ended], "".join(done.stdout + done.stderr for done in ended)
    assert "status=1\n" == (tmp_path / "output").read_text("utf-8")
    assert "| ada | ladder | 1 of 4 |" in (tmp_path / "summary.md").read_text("utf-8")
    assert "::error file=ada/submission.md,title=There is a volume third::" in ended[1].stdout
    assert (tmp_path / "grades.json").is_file()


def _filled(value: str, known: dict[str, str]) -> str:
    for name, text in known.items():
        value = value.replace(f"${{{{ {name} }}}}", text)
    assert "${{" not in value
    return value
