"""What is for GitLab: sound by its schema, and its commands run as its runner runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from tests import ci_runners, docs_examples, helpers
from tests.conftest import LABS_TREE
from tests.ladder_submissions import SWARM, write

TEMPLATE = helpers.CHECKOUT / ".gitlab" / "grade.yml"


def test_schema() -> None:
    """The template is what GitLab's published schema says."""
    ci_runners.validate_schema("gitlab-ci", TEMPLATE)


def test_page(tmp_path: Path) -> None:
    """What the page for instructors has a project include is sound, and sets what there is to set."""
    (shown,) = [block for block in docs_examples.list_code_blocks(docs_examples.INSTRUCTORS_PAGE, "yaml") if "include" in block]
    (with_shell,) = [block for block in docs_examples.list_code_blocks(docs_examples.INSTRUCTORS_PAGE, "yaml") if "tags" in block]
    file = tmp_path / ".gitlab-ci.yml"
    for text in (shown, shown + with_shell):
        file.write_text(text, "utf-8")
        ci_runners.validate_schema("gitlab-ci", file)
    found = yaml.safe_load(shown)
    assert set(found["variables"]) <= set(_read()["variables"])
    assert TEMPLATE == helpers.CHECKOUT / found["include"][0]["file"]


def _read() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text("utf-8"))
    return found


def test_variables_can_be_set() -> None:
    """What who includes the template may set stands where theirs wins: beside the jobs, and in no job."""
    template = _read()
    assert {"LABS_REPOSITORY", "GRADE_LAB", "GRADE_DRIVER"} <= set(template["variables"])
    assert set() == set(template["variables"]) & set(template["grade"]["variables"])


@pytest.mark.parametrize(
    ("given", "passed"),
    [({}, []), ({"GRADE_SEED": "two words", "GRADE_LEARNER": "ada"}, ["--seed", "two words", "--learner", "ada"])],
)
def test_values(given: dict[str, str], passed: list[str], tmp_path: Path) -> None:
    """The job passes seed and learner on, each as one word, and nothing of them where they are empty."""
    template = _read()
    script = f"{ci_runners.GITLAB_SCRIPT_PREFIX}labs={tmp_path}\n" + "\n".join(template["grade"]["script"])
    typed = ci_runners.record_labs_arguments(
        [*ci_runners.GITLAB_SHELL, script], tmp_path / "venv" / "bin", **{**template["variables"], **given}
    )
    assert passed == typed[2 : typed.index("--driver")]


@pytest.mark.docker
def test_job(environment: dict[str, str], tmp_path: Path) -> None:
    """The job installs labs, grades the repository it runs in, and leaves each report that it tells GitLab of."""
    project = write(tmp_path, {"project": SWARM}) / "project"
    (project / "venv.py").write_text("raise SystemExit('taken for the real one')\n", "utf-8")
    template = _read()
    job = template["grade"]
    source = ci_runners.create_checkout_repository(tmp_path / "labs")
    set_here = {"LABS_REPOSITORY": f"file://{source}", "GRADE_LAB": "ladder", "LABS_ROOT": str(LABS_TREE)}
    script = ci_runners.GITLAB_SCRIPT_PREFIX + "\n".join([*job["before_script"], *job["script"]])
    done = ci_runners.run_command(
        [*ci_runners.GITLAB_SHELL, script], project, environment, **{**ci_runners.REUSE_INSTALLED_PACKAGES, **template["variables"], **set_here}
    )
    assert "1 of 4 points" in done.stdout, done.stdout + done.stderr
    assert 1 == done.returncode
    (grades,) = json.loads((project / "grades.json").read_text("utf-8"))["grades"]
    reports = job["artifacts"]["reports"]
    assert ["grades.json"] == job["artifacts"]["paths"]
    (suite,) = JUnitXml.fromfile(str(project / reports["junit"]))
    assert (len(grades["marks"]), 3) == (suite.tests, suite.failures)
    assert 3 == len(json.loads((project / reports["codequality"]).read_text("utf-8")))
