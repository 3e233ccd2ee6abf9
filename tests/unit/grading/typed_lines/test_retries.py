"""Which lines are repeated until they succeed."""

from __future__ import annotations

import pytest

from runner.progress.shell_record import HistoryEntry
from tests.support.typed_lines import draft, list_scripts, make_entry


@pytest.mark.parametrize(
    "line",
    [
        "curl -sS localhost:8080 | head -4",
        "docker ps",
        "docker service ps web",
        "sudo docker inspect web",
        "docker logs web",
        "docker exec web curl localhost",
        "docker node rm node3",
        "docker kill a",
        "docker service scale --detach web=3",
        "docker exec web touch /f",
        "docker run --rm busybox wget -qO- web",
    ],
)
def test_repeated(line: str) -> None:
    """Look-ups are repeated, and commands that fail entirely while something is not ready."""
    assert [30] == [block.retry_seconds for block in draft(make_entry(line)).blocks]


@pytest.mark.parametrize("line", ["grep x f", "cat f", "test -f f", "cd app && cat f > g", "ls | less"])
def test_local_lookup(line: str) -> None:
    """Look-ups of files are repeated for a shorter time, to save the time limit."""
    assert [10] == [block.retry_seconds for block in draft(make_entry(line)).blocks]


@pytest.mark.parametrize(
    "line",
    [
        "docker run -d nginx",
        "docker service create --name web nginx",
        "docker kill a && docker rm a",
        "cat f >> g",
        "curl -X POST localhost",
        "sed -i s/a/b/ f",
        "touch f",
        "echo hello",
        "export A=1",
        "grep x f; docker ps",
        "docker ps -q | xargs docker rm",
        "cat f && docker volume create v",
        "docker inspect $(docker run -d nginx)",
    ],
)
def test_not_repeated(line: str) -> None:
    """What changes something in several steps, or does not depend on time, is not repeated."""
    assert [0] == [block.retry_seconds for block in draft(make_entry(line)).blocks]


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("ID=$(docker ps -q)", 'ID=$(docker ps -q) && [ -n "$ID" ]'),
        ('ID="$(docker ps -q | head -1)"', 'ID="$(docker ps -q | head -1)" && [ -n "$ID" ]'),
        ("export ID=$(docker ps -q)", 'export ID=$(docker ps -q) && [ -n "$ID" ]'),
        ("A=1", "A=1"),
    ],
)
def test_variable(line: str, script: str) -> None:
    """A variable for what a look-up prints is set once there is something to print."""
    assert [script] == list_scripts(make_entry(line))


def test_failure() -> None:
    """A line that is expected to fail is not repeated."""
    (block,) = draft(make_entry("docker rm a b", exit_status=1)).blocks
    assert (1, 0) == (block.exit_status, block.retry_seconds)


@pytest.mark.parametrize(
    "line", ["~/install-blog http://localhost:8080", "./wait-for-it && touch /f", "/root/visitors start"]
)
def test_script_by_its_path(line: str) -> None:
    """A script that is named by its path is repeated if it is alone: what it needs may not be ready."""
    assert [30 * ("&&" not in line)] == [block.retry_seconds for block in draft(make_entry(line)).blocks]


def test_failed_attempts() -> None:
    """A line that was repeated until it succeeded is one block, repeated for as long and half a minute more."""
    lines = [make_entry("make all", at, exit_status=status) for at, status in ((10, 52), (30, 56), (55, 0), (80, 0))]
    blocks = draft(*lines, make_entry("touch /f", 40)).blocks
    assert [("touch /f", 0, 0), ("make all", 75, 0), ("make all", 0, 0)] == [
        (block.script, block.retry_seconds, block.exit_status) for block in blocks
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (make_entry("make all", 10, exit_status=2), make_entry("make all", 20, node="node2")),
        (make_entry("make all", 10, exit_status=2), make_entry("make tests", 20)),
        (make_entry("docker compose up -d", 10, exit_status=1), make_entry("docker compose up -d", 20)),
    ],
)
def test_other_failed_lines(first: HistoryEntry, second: HistoryEntry) -> None:
    """A failed line is no attempt of a line on another node, of another line, or if what it did remains."""
    assert [first.exit_status, 0] == [block.exit_status for block in draft(first, second).blocks]
    assert 0 == draft(first, second).blocks[1].retry_seconds
