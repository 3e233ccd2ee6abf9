"""Lint and the build agree: what keeps the site from being built is a finding of lint, on the same line."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BrokenLabError
from runner.site_builder import build
from tests.support import helpers, lint_examples
from tests.support.lint_examples import STEP
from tests.unit.lessons import test_broken_lessons, test_lint
from tests.unit.site_builder import test_build_problems

ENGLISH = {"labs/tiny/lesson.md": STEP}
TRANSLATION = "---\ntitle: a\nsummary: b\ntranslates: 0123456789ab\n---\n## Look {#look}\n```sh node1\nls\n```\n"
TREES = {
    "a folder with a setup.sh but no lesson": {"labs/other/setup.sh": "", **ENGLISH},
    "a missing prerequisite": {"labs/tiny/lesson.md": f"{helpers.FRONT_MATTER[:-4]}after: [none]\n---\n{STEP}"},
    "a language without texts": {"labs/tiny/lesson.xx.md": TRANSLATION, **ENGLISH},
    "a translation that differs": {"labs/tiny/lesson.zh.md": TRANSLATION.replace("ls", "id"), **ENGLISH},
    "a translation that is empty": {"labs/tiny/lesson.zh.md": "", **ENGLISH},
    "a lab with the name of a language": {"labs/zh/lesson.md": STEP, "labs/tiny/lesson.zh.md": TRANSLATION, **ENGLISH},
    "a step with the name of a page": {"labs/tiny/lesson.md": STEP.replace("{#look}", "{#on-one-page}")},
    "a step with a reserved anchor": {"labs/tiny/lesson.md": STEP.replace("{#look}", "{#steps}")},
    "a glossary without ids": {"labs/glossary.md": "## Raft\n\n## Task\n", **ENGLISH},
    "a translated glossary": {
        "labs/tiny/lesson.zh.md": TRANSLATION,
        "labs/glossary.zh.md": "## Raft {#raft}\n[a](gone.md)\n",
        **ENGLISH,
    },
    "a link to another lab with problems": {
        "labs/tiny/lesson.md": f"{STEP}[a](../other/lesson.md#look)\n",
        "labs/other/lesson.md": f"{STEP}### Why\n### Why\n",
    },
    "a link that is too long": {"labs/tiny/lesson.md": f"{STEP}[a]({'far-' * 100})\n"},
    "a link with a null byte": {"labs/tiny/lesson.md": f"{STEP}![a](a%00b)\n"},
}


@pytest.mark.parametrize("case", [param.values[0] for param in test_lint.CASES], ids=[p.id for p in test_lint.CASES])
def test_rule_cases(case: str, tree: Path) -> None:
    """Whatever the build refuses in a case of a lint rule is a finding."""
    test_lint.write_tree(tree, case)
    assert [] == lint_examples.list_unreported_refusals()


@pytest.mark.parametrize(
    "lesson",
    [param.values[0] for param in test_broken_lessons.CASES]
    + [f"{helpers.FRONT_MATTER}## Look {{#look}}\n{param.values[0]}" for param in test_build_problems.CASES],
    ids=[param.id for param in (*test_broken_lessons.CASES, *test_build_problems.CASES)],
)
def test_lessons(lesson: str, tree: Path) -> None:
    """Whatever the build refuses in a broken lesson is a finding."""
    helpers.write_lab(tree, lesson)
    assert [] == lint_examples.list_unreported_refusals()


@pytest.mark.parametrize("files", TREES.values(), ids=TREES)
def test_trees(files: dict[str, str], tree: Path) -> None:
    """A problem of several labs, of a translation or of the glossary is a finding of lint, too."""
    lint_examples.write_files(tree, files)
    with pytest.raises(BrokenLabError):
        build.render_site_files()
    assert [] == lint_examples.list_unreported_refusals()
