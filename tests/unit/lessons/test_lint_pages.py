"""The pages that explain the lint rules: every rule has one, and its own examples show what it says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from runner import paths
from runner.lessons import catalog
from runner.lessons.lint import linter
from runner.lessons.lint.all_rules import RULES
from runner.lessons.lint.rule import Finding, LintRule
from tests.support import docs_examples, helpers, lint_examples

INDEX = helpers.CHECKOUT / "docs" / "reference" / "lint-rules.md"
SECTIONS = ["Why", "Wrong", "Right", "How to fix it", "How to ignore it"]
ALL = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
CAN_BE_IGNORED = pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.can_be_ignored], ids=lambda rule: rule.code
)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def lint_example(rule: LintRule, section: str, root: Path) -> list[Finding]:
    """Write the files of a page's example, and return what lint finds in them."""
    files: dict[str, str] = {}
    for name, content in docs_examples.list_example_files(paths.lint_rule_page(rule.code), section).items():
        files |= lint_examples.list_correct_files(name.split("/")[1]) if name.endswith("/lesson.md") else {}
        files[name] = content
    for name, content in files.items():
        if name.endswith("/lesson.md") and "## " not in content:
            files[name] = lint_examples.STEP.replace("```sh node1\nls\n", f"{content}\n```sh node1\nls\n")
    lint_examples.write_files(root, files)
    return list(linter.lint_labs(catalog.list_lab_names()))


def count_codes(findings: list[Finding]) -> Counter[str]:
    """Return how often each code occurs."""
    return Counter(finding.rule.code for finding in findings)


@ALL
def test_page(rule: LintRule) -> None:
    """A page has the rule's code and name as its title, then its summary, and the same sections as all pages."""
    lines = paths.lint_rule_page(rule.code).read_text("utf-8").splitlines()
    assert [f"# {rule.code} {rule.name}", "", rule.summary] == lines[:3]
    text = re.sub(r"^(`{3,}).*?^\1$", "", "\n".join(lines), flags=re.MULTILINE | re.DOTALL)
    assert SECTIONS == re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_all_pages() -> None:
    """There is no page without a rule, and the index lists every rule with its summary."""
    folder = paths.lint_rule_page("L001").parent
    assert [f"{rule.code}.md" for rule in RULES] == sorted(path.name for path in folder.iterdir())
    listed = re.findall(r"^\| \[(L\d+)\]\(lint/\1\.md\) \| `([a-z-]+)` \| (.+) \|$", INDEX.read_text("utf-8"), re.M)
    assert [(rule.code, rule.name, rule.summary) for rule in RULES] == listed


@ALL
def test_wrong_example(rule: LintRule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong example of a page breaks the rule."""
    monkeypatch.setattr(paths, "uses_built_in_labs", lambda: True)
    assert rule.code in count_codes(lint_example(rule, "Wrong", tmp_path))


@ALL
def test_right_example(rule: LintRule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right example of a page breaks no rule."""
    monkeypatch.setattr(paths, "uses_built_in_labs", lambda: True)
    assert [] == [str(finding) for finding in lint_example(rule, "Right", tmp_path)]


@CAN_BE_IGNORED
def test_ignore(rule: LintRule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comment on a page, inserted into the wrong example, makes its findings disappear, and no others."""
    monkeypatch.setattr(paths, "uses_built_in_labs", lambda: True)
    before = lint_example(rule, "Wrong", tmp_path)
    expected = count_codes(before)
    del expected[rule.code]
    section = paths.lint_rule_page(rule.code).read_text("utf-8").partition("## How to ignore it")[2]
    comments = re.findall(r"`((?:#|<!--) labs: ignore [^`]*)`", section)
    finding = next(finding for finding in before if finding.rule is rule)
    lesson = finding.path.with_name("lesson.md")
    places = [*((finding.path, line) for line in range(finding.line - 1, -1, -1)), (finding.path, 1), (lesson, 1)]
    for comment in comments:
        for path, index in places:
            text = path.read_text("utf-8") if path.exists() else ""
            lines = text.splitlines()
            path.write_text("\n".join([*lines[:index], comment, *lines[index:]]) + "\n", "utf-8")
            if expected == count_codes(list(linter.lint_labs(catalog.list_lab_names()))):
                return
            path.write_text(text, "utf-8")
    pytest.fail(f"no place for a comment ignores {rule.code}: {comments}")


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.can_be_ignored], ids=lambda rule: rule.code)
def test_page_of_rule_that_cannot_be_ignored(rule: LintRule) -> None:
    """The page of a rule that cannot be ignored says so."""
    section = paths.lint_rule_page(rule.code).read_text("utf-8").partition("## How to ignore it")[2]
    assert section.strip().startswith("This rule cannot be ignored")
