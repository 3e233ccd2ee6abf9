"""Files that cannot be read or parsed."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def invalid_files(context: LintContext) -> Iterator[Problem]:
    """Every file of the lab can be read and parsed, so that the lab can be started, checked and verified."""
    yield from context.parse_problems
    for page in context.all_markdown_pages:
        yield from page.problems
    if context.check_file.problem:
        yield context.check_file.problem
