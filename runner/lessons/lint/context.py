"""What the rules look at: one lab, read as far as it can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.lessons.lint.check_file_reader import Checks
from runner.lessons.markdown_page import Page
from runner.lessons.model import Command, Lesson


@dataclass(frozen=True, slots=True)
class Subject:
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
    page: Page
    translations: tuple[Page, ...]
    misses: tuple[Page, ...]
    solutions: tuple[Page, ...]
    checks: Checks
    after: Mapping[str, tuple[str, ...]]
    built_in: bool

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every Markdown file of the lab."""
        return (self.page, *self.translations, *self.misses, *self.solutions)

    @property
    def commands(self) -> Iterator[tuple[Page, Command]]:
        """Every command of the lab, with the file it stands in."""
        return ((page, command) for page in self.pages for command in page.commands)

    @property
    def texts(self) -> Iterator[tuple[Path, str]]:
        """Every text file of the lab, its checks included; what is no UTF-8 is none."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        for path in (*found, self.checks.path):
            text = text_of(path)
            if text is not None:
                yield path, text


def text_of(path: Path) -> str | None:
    """Return a file's text with its line ends and byte order mark as they are, or None where it has none."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return None if "\0" in text else text
