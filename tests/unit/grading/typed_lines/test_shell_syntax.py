"""The pipelines and commands of a line."""

from __future__ import annotations

import pytest

from runner.grading.typed_lines import shell_syntax


@pytest.mark.parametrize(
    ("text", "pipelines"),
    [
        ("a && b > f 2>&1 | c; d &", [("a", "&&"), ("b > f 2>&1 | c", ";"), ("d", "&")]),
        ("a\nb", [("a", "\n"), ("b", "")]),
        ("cat <<E | b\nx | y\nE", [("cat <<E | b", "")]),
        ("a || (b; c) && { d; }", [("a", "||"), ("(b; c)", "&&"), ("{ d; }", "")]),
        ("! a; é b", [("a", ";"), ("é b", "")]),
        ("# nothing", []),
    ],
)
def test_pipelines(text: str, pipelines: list[tuple[str, str]]) -> None:
    """A line has pipelines with what separates them; redirections belong to one command."""
    line = shell_syntax.parse_line(text)
    assert pipelines == [(text[item.start : item.end], item.separator) for item in line.pipelines]


def test_nested_commands() -> None:
    """Commands in loops, subshells and substitutions are found."""
    text = "for i in 1; do docker run $(cat f) | (less); done; X=$(d e)"
    texts = [command.texts for command in shell_syntax.parse_line(text).commands]
    assert [("docker", "run", "$(cat f)"), ("cat", "f"), ("less",), ("d", "e")] == [words for words in texts if words]


@pytest.mark.parametrize(
    ("text", "words"),
    [("a 'b c' \"d\"e", ("a", "b c", "de")), ("a ''", ("a", "")), ('a $B "$C d"', ("a", "$B", '"$C d"'))],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    """Words have no quotes, unless something in them is expanded."""
    assert words == shell_syntax.parse_line(text).stages[0].texts


@pytest.mark.parametrize("text", ["echo 'a", "if true", "> f"])
def test_line_without_a_known_command(text: str) -> None:
    """A line that the grammar does not know still has one command."""
    assert 1 == len(shell_syntax.parse_line(text).pipelines)
