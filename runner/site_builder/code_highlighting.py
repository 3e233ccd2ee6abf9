"""Highlight code with Pygments, reduced to the few CSS classes that the style sheet colours."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from markupsafe import Markup
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

from runner.lessons.links import PRIVATE_USE_CHARS
from runner.lessons.model import PLACEHOLDER

# The CSS class of a token type and its subtypes, unless a subtype has its own; all other tokens are not coloured.
_CSS_CLASSES = {
    Token.Comment: "c",
    Token.Keyword: "k",
    Token.Literal.String: "s",
    Token.Literal.Number: "m",
    Token.Name.Builtin: "b",
    Token.Name.Tag: "b",
    Token.Name.Attribute: "b",
    Token.Name.Function: "b",
    Token.Name.Class: "b",
    Token.Name.Decorator: "b",
    Token.Name.Variable: "v",
    Token.Literal.String.Interpol: "v",
}
# Not coloured in shell code: numbers are parts of addresses, names and modes, and most such builtins are arguments.
_IGNORED_IN_SHELL = (Token.Literal.Number, Token.Name.Builtin)
# What precedes a variable assignment; after anything else, `name=` is part of an argument.
_BEFORE_ASSIGNMENT = re.compile(r"(?:^|[\n;&|(`]|\b(?:export|local|do|then|else))\s*$")
# A word with a dash, which must not break across lines: a `--` at the end of a line reads like a separate word.
_DASHED_WORD = re.compile(r"(?<!\S)(?=\S*-)[^\s\ue010]{2,23}(?!\S)")
# Private-use characters that enclose a placeholder, so that no lexer splits it.
_OPEN, _CLOSE = "\ue010", "\ue011"
_MARKED_PLACEHOLDER = re.compile(f"{_OPEN}([A-Z0-9_]+){_CLOSE}")


@lru_cache(maxsize=4096)
def highlight_code(text: str, language: str) -> Markup:
    """Return code as highlighted HTML.

    Args:
        text: The code.
        language: The name of its language; code in an unknown language is not highlighted.

    """
    return Markup(_render(PRIVATE_USE_CHARS.sub("", text), language))  # noqa: S704 - escaped token by token


@lru_cache(maxsize=4096)
def highlight_code_with_placeholders(text: str, language: str) -> Markup:
    """Return code as highlighted HTML in which the reader can fill in placeholders such as `<WORKER_TOKEN>`.

    Args:
        text: The code.
        language: The name of its language; code in an unknown language is not highlighted.

    """
    marked = PLACEHOLDER.sub(f"{_OPEN}\\1{_CLOSE}", PRIVATE_USE_CHARS.sub("", text))
    html = _render(marked, language)
    return Markup(  # noqa: S704 - escaped token by token, and a placeholder's name is only capitals
        _MARKED_PLACEHOLDER.sub(r'<var data-name="\1">&lt;\1&gt;</var>', html)
    )


def render_inline_code(text: str) -> Markup:
    """Return code within a line of text as HTML, in which words with a dash do not break across lines."""
    return Markup(_keep_dashed_words(escape(text)))  # noqa: S704 - escaped here


def _render(text: str, language: str) -> str:
    lexer = _find_lexer(language)
    return _highlight(text, lexer) if lexer else escape(text)


@lru_cache(maxsize=64)
def _find_lexer(language: str) -> Lexer | None:
    if not language or language == "text":
        return None
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _find_css_class(token_type: _TokenType) -> str:
    while token_type is not None:
        if token_type in _CSS_CLASSES:
            return _CSS_CLASSES[token_type]
        token_type = token_type.parent
    return ""


def _highlight(text: str, lexer: Lexer) -> str:
    """Return escaped HTML in which consecutive tokens of the same CSS class share a span."""
    spans: list[str] = []
    current_class, pending = "", ""
    is_shell = "bash" in lexer.aliases
    for token_type, value in lexer.get_tokens(text):
        if value.isspace():
            css_class = current_class
        elif is_shell and _is_shell_argument(token_type, value, pending):
            css_class = ""
        else:
            css_class = _find_css_class(token_type)
        if css_class != current_class:
            spans.append(_render_span(current_class, pending, is_shell=is_shell))
            current_class, pending = css_class, ""
        pending += value
    # The lexer appends a final newline, because some languages recognise a comment only at the end of a line.
    last = pending if text.endswith("\n") else pending.removesuffix("\n")
    spans.append(_render_span(current_class, last, is_shell=is_shell))
    return "".join(spans)


def _is_shell_argument(token_type: _TokenType, value: str, preceding: str) -> bool:
    """Return whether a token is only part of a command's argument, although the lexer takes it for something else."""
    if token_type in Token.Name.Variable and not value.startswith("$"):
        return _BEFORE_ASSIGNMENT.search(preceding) is None
    return any(token_type in ignored for ignored in _IGNORED_IN_SHELL)


def _render_span(css_class: str, value: str, *, is_shell: bool) -> str:
    if not value:
        return ""
    if css_class:
        return f'<span class="{css_class}">{escape(value)}</span>'
    return _keep_dashed_words(escape(value)) if is_shell else escape(value)


def _keep_dashed_words(html: str) -> str:
    return _DASHED_WORD.sub(r'<span class="w">\g<0></span>', html)
