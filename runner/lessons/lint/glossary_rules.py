"""The glossary, which all labs share."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def invalid_glossary(context: LintContext) -> Iterator[Problem]:
    """Every term of the glossary has a valid id and a definition without broken links."""
    yield from context.tree.glossary_problems
