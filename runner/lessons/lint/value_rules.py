"""Values that are drawn for each learner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.lessons.lint.context import LintContext, read_text_file
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import PLACEHOLDER
from runner.lessons.problems import Problem


def values(subject: LintContext) -> Iterator[Problem]:
    """Every value that is drawn is shown by the lesson, in all its languages, and read by a check."""
    names = [value.name for value in subject.lesson.values]
    checks = read_text_file(subject.check_file.path) or ""
    for name in names:
        line = _line(subject.page, name)
        if subject.page.has_valid_front_matter:
            for page in (subject.page, *subject.translations):
                if f"<{name}>" not in (read_text_file(page.path) or ""):
                    yield Problem(page.path, line if page is subject.page else 1, f"nothing here shows <{name}>")
        if checks and not re.search(rf"""["']{name}["']""", checks):
            yield Problem(subject.page.path, line, f"no check in {subject.check_file.path.name} reads the value {name}")
    for check in subject.check_file.checks:
        for name in sorted({*PLACEHOLDER.findall(check.says)} - {*names}):
            yield Problem(subject.check_file.path, check.line, f"it says <{name}>, which is no value of the lesson")


def _line(page: MarkdownPage, name: str) -> int:
    """Return the line of the front matter on which a value is declared."""
    first = page.find_key_line("values")
    found = (number for number, line in enumerate(page.lines, 1) if number >= first and f"{name}:" in line)
    return next(found, first)
