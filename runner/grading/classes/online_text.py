"""Turn a submission that was typed or pasted into an editor on a web page back into the text of `submission.md`."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "pre", "table", "tr", "blockquote"}
)
_SKIPPED = frozenset({"head", "script", "style", "title"})


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
