"""Values that are drawn for each learner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.lessons.lint.context import Subject, text_of
from runner.lessons.markdown_page import Page
from runner.lessons.model import PLACEHOLDER
from runner.lessons.problems import Problem


def values(subject: Subject) -> Iterator[Problem]:
    """Every value that is drawn is shown by the lesson, in all its languages, and read by a check."""
    names = [value.name for value in subject.lesson.values]
    checks = text_of(subject.checks.path) or ""
    for name in names:
        line = _line(subject.page, name)
        if subject.page.sound:
            for page in (subject.page, *subject.translations):
                if f"<{name}>" not in (text_of(page.path) or ""):
                    yield Problem(page.path, line if page is subject.page else 1, f"nothing here shows <{name}>")
        if checks and not re.search(rf"""["']{name}["']""", checks):
            yield Problem(subject.page.path, line, f"no check in {subject.checks.path.name} reads the value {name}")
    for check in subject.checks.found:
        for name in sorted({*PLACEHOLDER.findall(check.says)} - {*names}):
            yield Problem(subject.checks.path, check.line, f"it says <{name}>, which is no value of the lesson")


def _line(page: Page, name: str) -> int:
    """Return the line of the front matter on which a value is declared."""
    first = page.line_of("values")
    found = (number for number, line in enumerate(page.lines, 1) if number >= first and f"{name}:" in line)
    return next(found, first)
