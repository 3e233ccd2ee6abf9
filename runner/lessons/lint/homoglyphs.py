"""Characters in commands that look like ASCII characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.lessons.lint.context import LintContext
from runner.lessons.lint.invisible_chars import describe_char
from runner.lessons.problems import Problem

_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_GREEK_OR_CYRILLIC = "\u0370-\u03ff\u0400-\u052f"
_SUSPECT = re.compile(
    rf"(?P<quote>[{_QUOTES}])"
    rf"|(?<!\S)(?P<dash>[{_DASHES}])[\w{_DASHES}-]"
    rf"|(?P<letter>(?<=[A-Za-z])[{_GREEK_OR_CYRILLIC}]|[{_GREEK_OR_CYRILLIC}](?=[A-Za-z]))"
)


def homoglyphs_in_commands(context: LintContext) -> Iterator[Problem]:
    """No command contains a typographic quote, dash or letter that only looks like the ASCII character it should be."""
    for page, command in context.commands_with_pages:
        for number, line in enumerate(command.script.split("\n"), 1):
            for match in _SUSPECT.finditer(line):
                char = describe_char(match[match.lastgroup or 0])
                message = f"replace {char} with the ASCII character that it looks like"
                yield Problem(page.path, command.line + number, message)
