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
# What a shell has none of: such numbers are parts of addresses, names and modes, and most such builtins are arguments.
_NOT_IN_SHELLS = (Token.Literal.Number, Token.Name.Builtin)
# What stands before a name that a value is given to; after anything else `name=` is part of an argument.
_BEFORE_A_NAME = re.compile(r"(?:^|[\n;&|(`]|\b(?:export|local|do|then|else))\s*$")
# A word with a dash, which no line shall be broken at: `--` alone at its end reads like a word of its own.
_DASHED = re.compile(r"(?<!\S)(?=\S*-)[^\s\ue010]{2,23}(?!\S)")
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
    shell = "bash" in lexer.aliases
    for kind, value in lexer.get_tokens(text):
        now = before if value.isspace() else "" if shell and _is_argument(kind, value, held) else _class(kind)
        if now != before:
            pieces.append(_piece(before, held, shell=shell))
            before, held = now, ""
        held += value
    # A lexer ends the last line, without which some know no comment.
    pieces.append(_piece(before, held if text.endswith("\n") else held.removesuffix("\n"), shell=shell))
    return "".join(pieces)


def _is_argument(kind: _TokenType, value: str, held: str) -> bool:
    """Whether what a lexer takes for more is part of a command's argument, after what came before it."""
    if kind in Token.Name.Variable and not value.startswith("$"):
        return _BEFORE_A_NAME.search(held) is None
    return any(kind in other for other in _NOT_IN_SHELLS)


def inline(text: str) -> Markup:
    """Return a piece of code in a line of text as HTML, in which no word with a dash is broken."""
    return Markup(_DASHED.sub(r'<span class="w">\g<0></span>', escape(text)))  # noqa: S704 - escaped here


def _piece(kind: str, value: str, *, shell: bool) -> str:
    if not value:
        return ""
    if kind:
        return f'<span class="{kind}">{escape(value)}</span>'
    return _DASHED.sub(r'<span class="w">\g<0></span>', escape(value)) if shell else escape(value)
