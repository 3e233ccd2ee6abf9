"""Files that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lessons import catalog
from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem

_KNOWN = ("lesson.md", "setup.sh", "files", "images", "wrong", "solution")
_ONLY_MARKDOWN = ("wrong", "solution")


def lab_name(subject: LintContext) -> Iterator[Problem]:
    """A lab's folder has a name that its checks and its clusters can have too."""
    if not catalog.is_valid_lab_name(subject.name):
        most = f"{catalog.MAX_NAME_LENGTH} at most"
        yield Problem(
            subject.page.path, 1, f"'{subject.name}' cannot name a lab: small letters, digits and dashes, {most}"
        )


def unknown_files(subject: LintContext) -> Iterator[Problem]:
    """A lab's folder holds only what labs reads."""
    for path in sorted(subject.folder.iterdir()):
        if path.name not in _KNOWN and not path.match("lesson.?*.md"):
            yield Problem(path, 1, f"nothing reads it; a lab's folder holds {', '.join(_KNOWN)}")
    for name in _ONLY_MARKDOWN:
        for path in sorted((subject.folder / name).glob("*")):
            if path.suffix != ".md" or not path.is_file():
                yield Problem(path, 1, f"nothing reads it; {name}/ holds files that end in .md")
