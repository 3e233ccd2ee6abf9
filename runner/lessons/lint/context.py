"""The input of the lint rules: everything that can be read of one lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.lessons.lint.check_file_reader import CheckFile
from runner.lessons.lint.ignore_comments import IgnoreComment
from runner.lessons.lint.lab_tree import LabTree
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import Command, Lesson
from runner.lessons.problems import Problem
from runner.lessons.resolved_lesson import ResolvedLesson

_TEXT_SUFFIXES = frozenset(
    {".cfg", ".conf", ".css", ".csv", ".env", ".html", ".ini", ".js", ".json", ".md", ".py", ".sh"}
)
_OTHER_TEXT_SUFFIXES = frozenset({".rst", ".sql", ".svg", ".toml", ".txt", ".xml", ".yaml", ".yml"})
_TEXT_NAMES = frozenset({"Containerfile", "Dockerfile", "Makefile", ".dockerignore"})


@dataclass(frozen=True, slots=True)
class LintContext:
    """The lab that is linted.

    Attributes:
        name: Its name.
        folder: Its folder.
        lesson: Its lesson; if the front matter is invalid, the lesson has none of its data.
        page: The page of the lesson.
        translations: The pages of the lesson in other languages.
        near_misses: The pages in `wrong/`.
        solutions: The pages in `solution/`.
        check_file: The file with its checks.
        tree: All labs, and the glossary.
        resolved_lessons: The lesson and its translations, with their anchors and links.
        parse_problems: The problems of files that cannot be read.
        text_files: The path and the text of all its files that are UTF-8 text, including the file with its checks.
        ignore_comments: The comments that ignore findings.
        is_built_in: Whether it is one of the labs that come with this program.

    """

    name: str
    folder: Path
    lesson: Lesson
    page: MarkdownPage
    translations: tuple[MarkdownPage, ...]
    near_misses: tuple[MarkdownPage, ...]
    solutions: tuple[MarkdownPage, ...]
    check_file: CheckFile
    tree: LabTree
    resolved_lessons: tuple[ResolvedLesson, ...]
    parse_problems: tuple[Problem, ...]
    text_files: tuple[tuple[Path, str], ...]
    ignore_comments: tuple[IgnoreComment, ...]
    is_built_in: bool

    @property
    def all_markdown_pages(self) -> tuple[MarkdownPage, ...]:
        """All Markdown files of the lab."""
        return (self.page, *self.translations, *self.near_misses, *self.solutions)

    @property
    def commands_with_pages(self) -> Iterator[tuple[MarkdownPage, Command]]:
        """All commands of the lab, with the page of each."""
        return ((page, command) for page in self.all_markdown_pages for command in page.commands)


def read_text_files(folder: Path, check_file: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and the text of all files of a lab that are UTF-8 text."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in (*paths, check_file):
        text = read_utf8_or_none(path)
        # Programs and images contain null bytes; in a file that can only be text, they are an error.
        if text is not None and ("\0" not in text or _is_text_file(path)):
            yield path, text


def _is_text_file(path: Path) -> bool:
    return path.suffix in (_TEXT_SUFFIXES | _OTHER_TEXT_SUFFIXES) or path.name in _TEXT_NAMES


def read_utf8_or_none(path: Path) -> str | None:
    """Return a file's text with its original line ends and byte order mark, or None if it is not UTF-8 text."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
