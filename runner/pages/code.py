"""Code with its syntax marked, by few classes that the style sheet colours."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from markupsafe import Markup
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

from runner.lessons.model import PLACEHOLDER

# The nearest of these that a token's kind lies in gives its class; what is in none of them is plain.
_CLASSES = {
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
# Characters for private use, so that no lexer cuts a placeholder to pieces.
_OPEN, _CLOSE = "\ue010", "\ue011"
_KEPT = re.compile(f"{_OPEN}([A-Z0-9_]+){_CLOSE}")
PRIVATE = re.compile("[\ue000-\uf8ff]")


@lru_cache(maxsize=4096)
def highlight(text: str, language: str) -> Markup:
    """Return text as HTML with its syntax marked.

    Args:
        text: The code.
        language: The name of its language; an unknown one is not marked.

    """
    lexer = _lexer(language)
    clean = PRIVATE.sub("", text)
    return Markup(_marked(clean, lexer) if lexer else escape(clean))  # noqa: S704 - escaped piece by piece


@lru_cache(maxsize=4096)
def with_places(text: str, language: str) -> Markup:
    """Return text as HTML in which each placeholder such as `<WORKER_TOKEN>` can be filled in.

    Args:
        text: The code.
        language: The name of its language; an unknown one is not marked.

    """
    kept = PLACEHOLDER.sub(f"{_OPEN}\\1{_CLOSE}", PRIVATE.sub("", text))
    lexer = _lexer(language)
    marked = _marked(kept, lexer) if lexer else escape(kept)
    return Markup(_KEPT.sub(r'<var data-name="\1">&lt;\1&gt;</var>', marked))  # noqa: S704 - names are capitals only


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    if not language or language == "text":
        return None
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _class(kind: _TokenType) -> str:
    while kind is not None:
        if kind in _CLASSES:
            return _CLASSES[kind]
        kind = kind.parent
    return ""


def _marked(text: str, lexer: Lexer) -> str:
    pieces: list[str] = []
    before, held = "", ""
    for kind, value in lexer.get_tokens(text):
        now = before if value.isspace() else _class(kind)
        if now != before:
            pieces.append(_piece(before, held))
            before, held = now, ""
        held += value
    # A lexer ends the last line, without which some know no comment.
    pieces.append(_piece(before, held if text.endswith("\n") else held.removesuffix("\n")))
    return "".join(pieces)


def _piece(kind: str, value: str) -> str:
    if not value:
        return ""
    return f'<span class="{kind}">{escape(value)}</span>' if kind else escape(value)
