"""Names of labs, and files that `labs` does not use."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons import catalog
from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem

_KNOWN_NAMES = ("lesson.md", "setup.sh", "files", "images", "wrong", "solution")
_MARKDOWN_FOLDERS = ("wrong", "solution")


def invalid_lab_name(context: LintContext) -> Iterator[Problem]:
    """The name of a lab's folder is also valid for its checks, its clusters and its pages on the site."""
    if not catalog.is_valid_lab_name(context.name):
        rule = f"use lowercase letters, digits and single dashes, at most {catalog.MAX_NAME_LENGTH} characters"
        yield Problem(context.page.path, 1, f"'{context.name}' is not a valid name for a lab; {rule}")
    yield from catalog.find_reserved_name_problems(context.folder, context.tree.glossaries)


def unknown_files(context: LintContext) -> Iterator[Problem]:
    """A lab's folder contains only files that `labs` uses."""
    for path in sorted(context.folder.iterdir()):
        if path.name not in _KNOWN_NAMES and not path.match("lesson.?*.md"):
            yield Problem(path, 1, f"labs does not use this; a lab's folder may contain {', '.join(_KNOWN_NAMES)}")
    for name in _MARKDOWN_FOLDERS:
        for path in sorted((context.folder / name).glob("*")):
            if path.suffix != ".md" or not path.is_file():
                yield Problem(path, 1, f"labs does not use this; {name}/ may contain only .md files")
