"""The GitHub action and the GitLab job, run in a shell as their runners run them, with real nodes."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from junitparser import JUnitXml

from tests.support import ci_runners, helpers
from tests.support.labs_command import LABS_TREE
from tests.support.ladder_submissions import SWARM_BLOCK, write_submissions

ACTION = helpers.CHECKOUT / ".github" / "actions" / "grade" / "action.yml"
TEMPLATE = helpers.CHECKOUT / ".gitlab" / "grade.yml"


def test_github_action(environment: dict[str, str], tmp_path: Path) -> None:
    """The action installs labs, grades, and writes the summary, annotations, report and status for the runner."""
    write_submissions(tmp_path, {"ada": SWARM_BLOCK})
    inputs = {"path": "ada", "lab": "", "driver": "docker", "time-limit": "60", "json": "grades.json"}
    inputs |= {"seed": "", "learner": ""}
    expressions = {f"inputs.{name}": value for name, value in inputs.items()} | {
        "github.action_path": str(ACTION.parent)
    }
    runner = {
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "LABS_ROOT": str(LABS_TREE),
    }
    (tmp_path / "temp").mkdir()
    results = []
    for step in yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]:
        variables = {key: _evaluate(value, expressions) for key, value in step["env"].items()}
        variables = {**ci_runners.REUSE_INSTALLED_PACKAGES, **runner, **variables}
        results.append(
            ci_runners.run_command([*ci_runners.GITHUB_SHELL, step["run"]], tmp_path, environment, **variables)
        )
    output = "".join(result.stdout + result.stderr for result in results)
    assert [0, 1] == [result.returncode for result in results], output
    assert "status=1\n" == (tmp_path / "output").read_text("utf-8")
    assert "| ada | ladder | 1 of 4 |" in (tmp_path / "summary.md").read_text("utf-8")
    assert "::error file=ada/submission.md,title=The volume third exists::" in results[1].stdout
    assert (tmp_path / "grades.json").is_file()


def _evaluate(value: str, expressions: dict[str, str]) -> str:
    for name, text in expressions.items():
        value = value.replace(f"${{{{ {name} }}}}", text)
    assert "${{" not in value
    return value


def test_gitlab_job(environment: dict[str, str], tmp_path: Path) -> None:
    """The job installs labs, grades the repository it runs in, and writes each report that it declares."""
    project = write_submissions(tmp_path, {"project": SWARM_BLOCK}) / "project"
    (project / "venv.py").write_text("raise SystemExit('imported instead of the standard library')\n", "utf-8")
    template = yaml.safe_load(TEMPLATE.read_text("utf-8"))
    job = template["grade"]
    source = ci_runners.create_checkout_repository(tmp_path / "labs")
    settings = {"LABS_REPOSITORY": f"file://{source}", "GRADE_LAB": "ladder", "LABS_ROOT": str(LABS_TREE)}
    script = ci_runners.GITLAB_SCRIPT_PREFIX + "\n".join([*job["before_script"], *job["script"]])
    variables = {**ci_runners.REUSE_INSTALLED_PACKAGES, **template["variables"], **settings}
    result = ci_runners.run_command([*ci_runners.GITLAB_SHELL, script], project, environment, **variables)
    assert "1 of 4 points" in result.stdout, result.stdout + result.stderr
    assert 1 == result.returncode
    (grades,) = json.loads((project / "grades.json").read_text("utf-8"))["grades"]
    reports = job["artifacts"]["reports"]
    assert ["grades.json"] == job["artifacts"]["paths"]
    (suite,) = JUnitXml.fromfile(str(project / reports["junit"]))
    assert (len(grades["marks"]), 3) == (suite.tests, suite.failures)
    assert 3 == len(json.loads((project / reports["codequality"]).read_text("utf-8")))
