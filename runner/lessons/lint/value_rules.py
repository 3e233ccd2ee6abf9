"""Values that are drawn for each learner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.lessons.lint.context import LintContext, read_utf8_or_none
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import PLACEHOLDER
from runner.lessons.problems import Problem


def unused_values(context: LintContext) -> Iterator[Problem]:
    """The lesson shows every declared value in all its languages, and a check reads it."""
    names = [value.name for value in context.lesson.values]
    check_source = read_utf8_or_none(context.check_file.path) or ""
    for name in names:
        line = _find_declaration_line(context.page, name)
        if context.page.has_valid_front_matter:
            for page in (context.page, *context.translations):
                if f"<{name}>" not in (read_utf8_or_none(page.path) or ""):
                    yield Problem(page.path, line if page is context.page else 1, f"the file never shows <{name}>")
        if check_source and not re.search(rf"""["']{name}["']""", check_source):
            file = context.check_file.path.name
            yield Problem(context.page.path, line, f"no check in {file} reads the value {name}")


def unknown_values(context: LintContext) -> Iterator[Problem]:
    """Every value in the docstring of a check is declared in the lesson."""
    names = {value.name for value in context.lesson.values}
    for check in context.check_file.checks:
        for name in sorted({*PLACEHOLDER.findall(check.says)} - names):
            message = f"the docstring uses <{name}>, which is not a value of the lesson"
            yield Problem(context.check_file.path, check.line, message)


def _find_declaration_line(page: MarkdownPage, name: str) -> int:
    """Return the line of the front matter that declares a value."""
    first = page.find_front_matter_line_number("values")
    lines = (number for number, line in enumerate(page.lines, 1) if number >= first and f"{name}:" in line)
    return next(lines, first)
