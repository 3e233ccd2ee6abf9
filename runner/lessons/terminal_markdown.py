"""Show Markdown of lessons in a terminal, with the same words as on the site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from markdown_it.token import Token
from rich.markdown import Markdown

from runner.lessons import markdown_parser


class LessonMarkdown(Markdown):
    """Markdown that rich renders, parsed as on the site: rich itself drops every `<NAME>`, for example.

    Args:
        text: The Markdown.
        code_theme: The colours of code.

    """

    def __init__(self, text: str, code_theme: str = "monokai") -> None:
        super().__init__("", code_theme=code_theme, hyperlinks=False)
        self.markup = text
        tokens = markdown_parser.parse_displayed_tokens(text)
        for token, content in pairwise(tokens):
            if token.type == "heading_open":
                markdown_parser.remove_heading_id(content)
        self.parsed = list(_add_file_names(tokens))


def _add_file_names(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield tokens with the path of a file above the code block that shows it, as on the site."""
    for token in tokens:
        if token.type == "fence" and (path := markdown_parser.find_file_name(token)):
            name = Token("code_inline", "code", 0, content=path)
            yield Token("paragraph_open", "p", 1)
            yield Token("inline", "", 0, children=[name, Token("text", "", 0, content=":")])
            yield Token("paragraph_close", "p", -1)
        yield token
