"""The job template for GitLab: valid for its schema, and tested as its runner runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ci_runners, docs_examples, helpers

TEMPLATE = helpers.CHECKOUT / ".gitlab" / "grade.yml"


def test_schema() -> None:
    """The template is valid for GitLab's published schema."""
    ci_runners.validate_schema("gitlab-ci", TEMPLATE)


def test_page(tmp_path: Path) -> None:
    """The configuration in the guide for GitLab is valid, and sets only variables that the template has."""
    blocks = docs_examples.list_code_blocks(docs_examples.GITLAB_PAGE, "yaml")
    (example,) = [block for block in blocks if "include" in block]
    (shell_runner,) = [block for block in blocks if "tags" in block]
    file = tmp_path / ".gitlab-ci.yml"
    for text in (example, example + shell_runner):
        file.write_text(text, "utf-8")
        ci_runners.validate_schema("gitlab-ci", file)
    configuration = yaml.safe_load(example)
    assert set(configuration["variables"]) <= set(_read_template()["variables"])
    assert TEMPLATE == helpers.CHECKOUT / configuration["include"][0]["file"]


def _read_template() -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text("utf-8"))
    return template


def test_overridable_variables() -> None:
    """A project's variables override those of the template, because they are global, not those of a job."""
    template = _read_template()
    assert {"LABS_REPOSITORY", "GRADE_LAB", "GRADE_DRIVER"} <= set(template["variables"])
    assert set() == set(template["variables"]) & set(template["grade"]["variables"])


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [({}, []), ({"GRADE_SEED": "two words", "GRADE_LEARNER": "ada"}, ["--seed", "two words", "--learner", "ada"])],
)
def test_values(variables: dict[str, str], arguments: list[str], tmp_path: Path) -> None:
    """The job passes the seed and the learner as one argument each, or not at all if they are empty."""
    template = _read_template()
    script = f"{ci_runners.GITLAB_SCRIPT_PREFIX}labs={tmp_path}\n" + "\n".join(template["grade"]["script"])
    recorded = ci_runners.record_labs_arguments(
        [*ci_runners.GITLAB_SHELL, script], tmp_path / "venv" / "bin", **{**template["variables"], **variables}
    )
    assert arguments == recorded[2 : recorded.index("--driver")]
