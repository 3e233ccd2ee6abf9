"""What was typed into the standard input of commands."""

from __future__ import annotations

import pytest

from tests.support.typed_lines import list_doubts, list_scripts, make_entry


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("cat > f", "cat > f <<'END'\nhello\nEND"),
        ("docker config create c -", "docker config create c - <<'END'\nhello\nEND"),
        ("docker stack deploy -c - app", "docker stack deploy -c - app <<'END'\nhello\nEND"),
        ("docker compose -f - up -d", "docker compose -f - up -d <<'END'\nhello\nEND"),
        ("docker system prune", "docker system prune <<'END'\nhello\nEND"),
        ("cat | docker secret create s -", "cat <<'END' | docker secret create s -\nhello\nEND"),
        ("mkdir -p a && cat > a/f && touch b", "mkdir -p a && cat > a/f <<'END' && touch b\nhello\nEND"),
        ("cat > f # my file", "cat > f <<'END' # my file\nhello\nEND"),
        ("docker run -i --rm busybox sh", "docker run -i --rm busybox sh <<'END'\nhello\nEND"),
        ("while read l; do touch $l; done", "while read l; do touch $l; done <<'END'\nhello\nEND"),
        ("read a; read b", "{\nread a; read b\n} <<'END'\nhello\nEND"),
        ("./ask.sh", "./ask.sh <<'END'\nhello\nEND"),
    ],
)
def test_input(line: str, script: str) -> None:
    """What was typed into a command is a here-document of the command that reads it."""
    assert [script] == list_scripts(make_entry(line, typed_input=("hello\n",)))
    assert [] == list_doubts(make_entry(line, typed_input=("hello\n",)))


def test_delimiter_in_the_text() -> None:
    """The delimiter is none of the lines of the text, and nothing in the text is expanded."""
    assert ["cat > f <<'EOF'\nEND\n$HOME\nEOF"] == list_scripts(make_entry("cat > f", typed_input=("END\n$HOME\n",)))


def test_text_without_a_line_feed() -> None:
    """A text that was ended in the middle of a line has no line feed at its end."""
    scripts = list_scripts(make_entry("docker secret create s -", typed_input=("it's",)))
    assert ["docker secret create s - < <(printf %s 'it'\"'\"'s')"] == scripts


def test_several_texts() -> None:
    """Each command that reads gets its own text; if that is not clear, the texts are joined, and this is mentioned."""
    clear = make_entry("cat > a; cat > b", typed_input=("one\n", "two\n"))
    assert ["cat > a <<'END'; cat > b <<'END'\none\nEND\ntwo\nEND"] == list_scripts(clear)
    unclear = make_entry("./ask.sh", typed_input=("one\n", "two\n"))
    assert ["./ask.sh <<'END'\none\ntwo\nEND"] == list_scripts(unclear)
    assert ["several texts were typed into it, each ended with Ctrl-D; the submission joins them"] == list_doubts(
        unclear
    )


@pytest.mark.parametrize("text", ["\n", "\n\n"])
def test_impatient_enter(text: str) -> None:
    """Enter that was typed while a command ran is not its input."""
    assert ["docker pull nginx"] == list_scripts(make_entry("docker pull nginx", typed_input=(text,)))


def test_text_that_nothing_reads() -> None:
    """A text that was typed while a command of Docker ran that reads nothing is left out, and this is mentioned."""
    entry = make_entry("docker pull nginx", typed_input=("what\n",))
    assert (["docker pull nginx"], ["what was typed while it ran is left out"]) == (
        list_scripts(entry),
        list_doubts(entry),
    )


def test_interrupted_input() -> None:
    """Lines that were typed before Ctrl-C have reached the command, and the file has them."""
    entry = make_entry("cat > f", typed_input=("one\n",), is_interrupted=True, exit_status=130)
    assert (["cat > f <<'END'\none\nEND"], []) == (list_scripts(entry), list_doubts(entry))


def test_hidden_input() -> None:
    """What the terminal did not show is missing, and this is mentioned."""
    doubt = "something was typed that the terminal did not show, such as a password"
    assert [doubt] == list_doubts(make_entry("docker login", has_hidden_input=True))
