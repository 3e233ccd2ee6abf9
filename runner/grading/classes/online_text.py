"""Turn a submission that was typed or pasted into an editor on a web page back into the text of `submission.md`."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from runner.errors import UsageError
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import SUBMISSION_FILE
from runner.grading.submission_reader import open_submission
from runner.grading.submission_search import join_names

_BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "pre", "table", "tr", "blockquote"}
)
_SKIPPED = frozenset({"head", "script", "style", "title"})
_MAX_BYTES = 4 << 20
_TYPED_TEXT = "the text that was typed on the page of the course system"


def add_online_text(html_file: Path, folder: Path) -> list[str]:
    """Write the `submission.md` that was typed on a web page, unless there is one in the uploaded files.

    Args:
        html_file: The page.
        folder: The folder with the files that the learner has uploaded too.

    Returns:
        What a report says about the choice.

    """
    with html_file.open("rb") as stream:
        text = convert_html_to_text(stream.read(_MAX_BYTES).decode("utf-8", "replace"))
    uploads = sorted(path.name for path in folder.iterdir())
    if uploads and not text.strip():
        return []
    if uploads and _has_submission(folder):
        return [f"the uploaded {SUBMISSION_FILE} is graded, and not {_TYPED_TEXT}; uploaded: {join_names(uploads)}"]
    (folder / SUBMISSION_FILE).write_text(text, "utf-8")
    return [f"{SUBMISSION_FILE} is {_TYPED_TEXT}" + (f"; uploaded too: {join_names(uploads)}" if uploads else "")]


def _has_submission(folder: Path) -> bool:
    try:
        with open_submission(folder, ResourceLimits()) as submission:
            return submission.text is not None or (folder / SUBMISSION_FILE).exists()
    except (UsageError, OSError):
        # Several files could be the submission, or an archive cannot be read: grading it reports that.
        return True


def convert_html_to_text(html: str) -> str:
    """Return the lines that an HTML page shows; each block begins a line, and spaces are kept in `pre` only.

    What precedes the front matter, such as a heading that the course system adds, is left out.
    """
    parser = _TextParser()
    parser.feed(html)
    parser.close()
    text = "".join(parser.pieces).replace("\N{NO-BREAK SPACE}", " ")
    lines = [line.rstrip() for line in text.splitlines()]
    start = next((number for number, line in enumerate(lines) if line.strip() == "---"), 0)
    return "\n".join(lines[start:]).strip("\n") + "\n"


class _TextParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._skipped_depth = 0
        self._pre_depth = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SKIPPED:
            self._skipped_depth += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag in _BLOCKS:
            self._begin_line()
        self._pre_depth += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped_depth = max(0, self._skipped_depth - 1)
        elif tag in _BLOCKS:
            self._begin_line()
        self._pre_depth = max(0, self._pre_depth - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._skipped_depth:
            return
        # Editors break lines in the source where the text has spaces.
        self.pieces.append(data if self._pre_depth else re.sub(r"[ \t\r\n]+", " ", data) if data.strip() else "")

    def _begin_line(self) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")
