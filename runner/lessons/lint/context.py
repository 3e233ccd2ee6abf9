"""What the rules look at: one lab, read as far as it can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.lessons.lint.check_file_reader import CheckFile
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import Command, Lesson


@dataclass(frozen=True, slots=True)
class LintContext:
    """A lab under scrutiny.

    Attributes:
        name: Its name.
        folder: Where it lies.
        lesson: Its lesson, with nothing of front matter that is not sound.
        page: The file of the lesson.
        translations: The lesson in other languages.
        misses: The files in `wrong/`.
        solutions: The files in `solution/`.
        checks: Its checks.
        after: For every lab there is, the labs that come before it.
        built_in: Whether it is one of the labs that come with this program.

    """

    name: str
    folder: Path
    lesson: Lesson
    page: MarkdownPage
    translations: tuple[MarkdownPage, ...]
    near_misses: tuple[MarkdownPage, ...]
    solutions: tuple[MarkdownPage, ...]
    check_file: CheckFile
    prerequisites: Mapping[str, tuple[str, ...]]
    is_built_in: bool

    @property
    def pages(self) -> tuple[MarkdownPage, ...]:
        """Every Markdown file of the lab."""
        return (self.page, *self.translations, *self.near_misses, *self.solutions)

    @property
    def commands(self) -> Iterator[tuple[MarkdownPage, Command]]:
        """Every command of the lab, with the file it stands in."""
        return ((page, command) for page in self.pages for command in page.commands)

    @property
    def text_files(self) -> Iterator[tuple[Path, str]]:
        """Every text file of the lab, its checks included; what is no UTF-8 is none."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        for path in (*found, self.check_file.path):
            text = read_text_file(path)
            if text is not None:
                yield path, text


def read_text_file(path: Path) -> str | None:
    """Return a file's text with its line ends and byte order mark as they are, or None where it has none."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return None if "\0" in text else text
