"""Find code blocks that look as if they were run, but are not. The rules are the same for lessons and submissions.

Only blocks that start with `sh` are run. A `bash` block could mean the same, but a `console` block contains prompts and
output too, and a block in a comment may be there for a reason. So a grade or a lesson never depends on a guess: each of
them is reported, with what to write instead. A lesson, though, may show blocks that are not for its nodes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence, Set

from markdown_it.token import Token

_SHELL_LANGUAGES = frozenset(
    {"ash", "bash", "cmd", "console", "dash", "fish", "ksh", "powershell", "pwsh", "sh", "sh-session", "shell"}
    | {"shell-script", "shell-session", "shellscript", "shellsession", "terminal", "zsh"}
)
# `{.sh node1}` is how Pandoc writes it.
_LANGUAGE = re.compile(r"[{.\s]*(?P<language>[\w+-]*)")
_WORD = re.compile(r"[\w-]+")
_FENCE = re.compile(r"(?P<place>(?:[\s>]|<!--|[-*+] |\d+[.)] )*)(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)")
_HTML_CODE = re.compile(r"\s*<(?:pre|code)\b", re.IGNORECASE)
_MAX_SHOWN_LENGTH = 40


def find_unclosed_blocks(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the line of each code block that is never closed, and a message.

    Args:
        tokens: The tokens of a Markdown file.
        lines: Its lines.

    """
    for token in tokens:
        if token.type != "fence" or token.map is None:
            continue
        start, end = token.map
        message = f"the block opened on line {start + 1} is never closed"
        other = _find_block_within(token)
        if not _is_closed(token, lines[start + 1 : end]):
            yield start + 1, f"{message}; end it with a line of {token.markup}"
        elif other is not None:
            # The line that closes it is that of the other block.
            advice = f"if that line is text of the block, start and end the block with {token.markup}{token.markup[0]}"
            yield start + 1, f"{message}: line {start + 2 + other} already opens the next one; {advice}"


def _is_closed(token: Token, lines: Sequence[str]) -> bool:
    # In a list or quote, other characters precede the line.
    indentation = r"[\s>]*" if token.level else " {0,3}"
    mark = re.escape(token.markup[0])
    return bool(lines) and re.fullmatch(rf"{indentation}{mark}{{{len(token.markup)},}}\s*", lines[-1]) is not None


def _find_block_within(token: Token) -> int | None:
    """Return the number of the first line in a block that looks as if it opened a block itself."""
    mark = re.escape(token.markup[0])
    opening = re.compile(rf" {{0,3}}{mark}{{{len(token.markup)},}}[ \t]*[\w{{.][^`]*")
    lines = token.content.split("\n")
    return next((number for number, line in enumerate(lines) if opening.fullmatch(line.rstrip())), None)


def find_ignored_blocks(
    tokens: Sequence[Token], lines: Sequence[str], node_names: Set[str], may_show_others: bool
) -> Iterator[tuple[int, str]]:
    """Yield the line of each code block that looks like a command but is never run, and a message.

    Args:
        tokens: The tokens of a Markdown file.
        lines: Its lines, including those of the front matter.
        node_names: The names of the nodes.
        may_show_others: Whether blocks that name no node may be there only to be read, as in a lesson.

    """
    for token in tokens:
        line = token.map[0] + 1 if token.map else 1
        if token.type == "fence" and (message := _find_fence_problem(token, node_names, may_show_others)):
            yield line, message
        elif token.type == "code_block" and not may_show_others:
            yield line, f"indented code never runs; {_advise(())}"
    hidden = {line: reason for token in tokens for line, reason in _list_hidden_lines(token)}
    for number, line_text in enumerate(lines):
        reason = hidden.get(number, "it does not start a block here")
        if reason and (message := _find_line_problem(line_text, reason, node_names, may_show_others)):
            yield number + 1, message


def _list_hidden_lines(token: Token) -> Iterator[tuple[int, str]]:
    """Yield the lines of a token that cannot start a block, each with the reason; it is empty within a block."""
    reasons = {
        "fence": "",
        "code_block": "with four spaces before it, it is indented code",
        "html_block": "it is in an HTML comment",
    }
    if token.type in reasons and token.map:
        yield from ((line, reasons[token.type]) for line in range(*token.map))


def _find_fence_problem(token: Token, node_names: Set[str], may_show_others: bool) -> str:
    first_word = token.info.split()[:1]
    if first_word == ["picture"]:
        return ""
    nodes, is_command = _parse_info(token.info, node_names, may_show_others)
    if first_word == ["sh"]:
        # The parser reports blocks without a node, and nested ones with a node.
        is_unreported = token.level > 0 and len(token.info.split()) == 1 and not may_show_others
        return f"a shell block inside a list, quote or hint never runs; {_advise(nodes)}" if is_unreported else ""
    if not token.info.strip() and not may_show_others:
        return f"a block without a language never runs; {_advise(nodes)}"
    language = first_word[0] if first_word and _WORD.fullmatch(first_word[0]) else token.info.strip()
    return f"a '{_shorten(language)}' block never runs; {_advise(nodes)}" if is_command else ""


def _find_line_problem(line: str, reason: str, node_names: Set[str], may_show_others: bool) -> str:
    """Return why a line outside all blocks should have started one; empty if it should not."""
    if match := _FENCE.match(line):
        nodes, is_command = _parse_info(match["info"], node_names, may_show_others)
        shown = _shorten(f"{match['mark']}{match['info'].strip()}")
        return f"'{shown}' never runs: {reason}; {_advise(nodes)}" if is_command else ""
    if not may_show_others and _HTML_CODE.match(line):
        return f"code in HTML never runs; {_advise(())}"
    return ""


def _parse_info(info: str, node_names: Set[str], may_show_others: bool) -> tuple[list[str], bool]:
    """Return the nodes that the first line of a block names, and whether the block looks like a command."""
    match = _LANGUAGE.match(info)
    language = match["language"].casefold() if match else ""
    nodes = [word for word in _WORD.findall(info) if word in node_names]
    is_shell = language in _SHELL_LANGUAGES and (not may_show_others or language == "sh")
    return nodes, bool(nodes) or is_shell


def _advise(nodes: Collection[str]) -> str:
    return f"start a command with ```sh {' '.join(nodes) or 'NODE'} at the left margin"


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[:_MAX_SHOWN_LENGTH]}..."
