"""Which lines are repeated until they succeed."""

from __future__ import annotations

import pytest

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
