"""Find the comments that ignore findings: `# labs: ignore L014`, and `<!-- labs: ignore L014 -->` in Markdown."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.lessons.lint.rule import Finding
from runner.lessons.markdown_page import IGNORE_COMMENT, MarkdownPage

_KEYWORD = "labs:"
_HASH_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*labs:\s*ignore\b(?P<words>.*)")
_CODE = re.compile(r"L\d+")


@dataclass(frozen=True, slots=True)
class IgnoreComment:
    """A comment that ignores findings.

    Attributes:
        path: The file that contains it.
        line: Its line, counted from 1.
        codes: The codes of the rules to ignore.
        other_words: What it contains after the codes. In the front matter of `lesson.md`, this is a file of the lab.
        first_line: The first line whose findings it ignores.
        last_line: The last line whose findings it ignores.
        file: The file whose findings it ignores, on any line; None if it applies to the lines of its own file.

    """

    path: Path
    line: int
    codes: tuple[str, ...]
    other_words: tuple[str, ...]
    first_line: int
    last_line: int
    file: Path | None = None

    def ignores(self, finding: Finding) -> bool:
        """Return whether the comment ignores a finding."""
        if not finding.rule.can_be_ignored or finding.rule.code not in self.codes:
            return False
        if self.file:
            return finding.path == self.file
        return finding.path == self.path and self.first_line <= finding.line <= self.last_line


def find_ignore_comments(
    pages: Sequence[MarkdownPage], text_files: Iterable[tuple[Path, str]]
) -> tuple[IgnoreComment, ...]:
    """Return the comments in the files of a lab.

    Args:
        pages: The Markdown pages of the lab; the first one is the page of the lesson.
        text_files: The path and the text of all its files.

    """
    comments: list[IgnoreComment] = []
    page_paths = {page.path for page in pages}
    for page in pages:
        if any(_KEYWORD in line for line in page.lines):
            comments += _find_in_front_matter(page, pages[0].path)
            comments += _find_in_markdown(page)
    for path, text in text_files:
        if path not in page_paths and _KEYWORD in text:
            comments += _find_in_python(path, text) if path.suffix == ".py" else _find_in_text(path, text)
    return tuple(comments)


def _create_comment(path: Path, line: int, words: str, first_line: int, last_line: int) -> IgnoreComment:
    listed = tuple(word for word in re.split(r"[,\s]+", words) if word)
    codes = tuple(word for word in listed if _CODE.fullmatch(word))
    return IgnoreComment(path, line, codes, tuple(word for word in listed if word not in codes), first_line, last_line)


def _find_in_front_matter(page: MarkdownPage, lesson_path: Path) -> Iterator[IgnoreComment]:
    lines = page.front_matter_lines
    for number, line in enumerate(lines, 1):
        if match := _HASH_COMMENT.search(line):
            first, last = _find_covered_lines(lines, number, match.start())
            # No comment can be above the first line, which has the problems of keys that are missing.
            comment = _create_comment(page.path, number, match["words"], 1 if first == 2 else first, last)
            yield _with_file(comment) if page.path == lesson_path else comment


def _with_file(comment: IgnoreComment) -> IgnoreComment:
    if len(comment.other_words) != 1:
        return comment
    file = comment.path.parent / comment.other_words[0]
    return IgnoreComment(comment.path, comment.line, comment.codes, (), comment.first_line, comment.last_line, file)


def _find_in_markdown(page: MarkdownPage) -> Iterator[IgnoreComment]:
    for index, token in enumerate(page.tokens):
        line = token.map[0] + 1 if token.map else 1
        if token.type == "html_block":
            end = _find_end_of_next_block(page, index, line)
            for words in IGNORE_COMMENT.findall(token.content):
                yield _create_comment(page.path, line, words, line, end)
        for child in token.children or ():
            if child.type == "html_inline" and (match := IGNORE_COMMENT.fullmatch(child.content)):
                yield _create_comment(page.path, line, match["words"], line, line)
            line += child.type in ("softbreak", "hardbreak")


def _find_end_of_next_block(page: MarkdownPage, index: int, line: int) -> int:
    """Return the last line of the block after a comment, skipping further comments."""
    blocks = (token for token in page.tokens[index + 1 :] if token.map and token.nesting >= 0)
    block = next((token for token in blocks if token.type != "html_block"), None)
    return block.map[1] if block and block.map else line


def _find_in_text(path: Path, text: str) -> Iterator[IgnoreComment]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if match := _HASH_COMMENT.search(line) or IGNORE_COMMENT.search(line):
            yield _create_comment(path, number, match["words"], *_find_covered_lines(lines, number, match.start()))


def _find_in_python(path: Path, text: str) -> Iterator[IgnoreComment]:
    lines = text.split("\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        # Invalid Python cannot be ignored.
        return
    for token in tokens:
        if token.type == tokenize.COMMENT and (match := _HASH_COMMENT.match(token.string)):
            number, column = token.start
            yield _create_comment(path, number, match["words"], *_find_covered_lines(lines, number, column))


def _find_covered_lines(lines: Sequence[str], number: int, column: int) -> tuple[int, int]:
    """Return the lines that a comment covers: its own, and the next one if there is nothing else on its line.

    Further comments, blank lines and decorators after it are skipped.
    """
    last = number
    if not lines[number - 1][:column].strip():
        last += 1
        while last < len(lines) and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith(("#", "@"))):
            last += 1
    return number, last
