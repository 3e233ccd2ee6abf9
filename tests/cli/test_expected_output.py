"""The exact output of `labs`, where no engine is needed."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import helpers

HERE = Path(__file__).parent
LESSON = f"""{helpers.FRONT_MATTER}
Welcome to *Tiny*.

```picture
networks: [front]
services:
  - {{name: web, tasks: [node1, node1], networks: [front], ports: ["8080:80"]}}
  - {{name: db, tasks: [node1], networks: [front], volumes: [data]}}
  - {{name: later, tasks: []}}
```

## Look around {{#look}}

See what is there:

- first
- second

```sh node1
ls -l
```
```output
total 0
```

::: hint
There is a command.
:::

::: hint
Use `ls`.
:::

## Read on {{#read}}

Only text.
"""
COLOUR = re.compile(r"\x1b\[[\d;]*(?:3|4|9|10)[0-7]")


def strip_line_ends(text: str) -> str:
    """Return the text without whitespace at the ends of its lines."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "name",
    [
        "list",
        "show tiny",
        "show tiny look",
        "hint tiny",
        "hint tiny read",
        "solution tiny look --spoil",
        "solution tiny read",
        "env --unset",
    ],
)
def test_output(name: str, tmp_path: Path) -> None:
    """A command prints the output of its golden case, and exits with 0."""
    helpers.write_lab(tmp_path, LESSON)
    expected = {title: output for title, _, output in helpers.read_golden_cases(HERE / "expected_output.txt")}
    result = helpers.run_labs(tmp_path, *name.split())
    assert (0, "", expected[name]) == (result.returncode, result.stderr, strip_line_ends(result.stdout))


def test_several_labs(tmp_path: Path) -> None:
    """Broken labs are listed too, with all their problems, and the exit code is 3."""
    helpers.write_lab(tmp_path, LESSON, name="zoo")
    folder = helpers.write_lab(tmp_path, LESSON.replace("name: node1", "name: Node_1"), name="broken")
    result = helpers.run_labs(tmp_path, "list")
    assert 3 == result.returncode
    assert ["LAB", "broken", "zoo"] == [line.split()[0] for line in result.stdout.splitlines() if line[0] != " "]
    problem = (
        "front matter: 'topology.nodes.0.name': 'Node_1' does not match '^(?!(mirror|complete)$)[a-z][a-z0-9-]{0,30}$'"
    )
    assert f"{folder}/lesson.md:6: {problem}" in result.stderr.splitlines()


def test_brackets(tmp_path: Path) -> None:
    """Brackets in a lesson's title and summary are printed literally."""
    text = LESSON.replace("title: Tiny", "title: 'Lists [a] and [/b]'").replace("A lab for", "An [array] for")
    helpers.write_lab(tmp_path, text.replace("Look around", "Look [around] a [/tmp]"))
    list_result, show_result = helpers.run_labs(tmp_path, "list"), helpers.run_labs(tmp_path, "show", "tiny")
    assert "An [array] for tests." in list_result.stdout
    assert ["Lists [a] and [/b]", "An [array] for tests."] == [
        line.rstrip() for line in show_result.stdout.splitlines()[1:3]
    ]
    assert "Look [around] a [/tmp]  look" in show_result.stdout


FORGET = "unset LABS_PREVIOUS_DOCKER_HOST LABS_PREVIOUS_DOCKER_TLS_VERIFY LABS_NODE_DOCKER_HOST"


@pytest.mark.parametrize(
    ("variables", "printed"),
    [
        (
            {"LABS_PREVIOUS_DOCKER_HOST": "unix:///a path/docker.sock", "LABS_NODE_DOCKER_HOST": "unix:///node1.sock"},
            ["export DOCKER_HOST='unix:///a path/docker.sock'", FORGET],
        ),
        (
            {"LABS_PREVIOUS_DOCKER_HOST": "tcp://engine:2376", "LABS_PREVIOUS_DOCKER_TLS_VERIFY": "1"},
            ["export DOCKER_HOST=tcp://engine:2376", "export DOCKER_TLS_VERIFY=1", FORGET],
        ),
        ({"DOCKER_HOST": "unix:///1.sock", "LABS_NODE_DOCKER_HOST": "unix:///1.sock"}, ["unset DOCKER_HOST", FORGET]),
        ({"DOCKER_HOST": "ssh://me@server"}, [FORGET]),
    ],
    ids=["quotes", "TLS", "default engine", "never redirected"],
)
def test_env_unset(variables: dict[str, str], printed: list[str], tmp_path: Path) -> None:
    """`labs env --unset` restores the previous engine, including TLS, and leaves other values alone."""
    assert printed == helpers.run_labs(tmp_path, "env", "--unset", **variables).stdout.splitlines()


@pytest.mark.parametrize(
    "arguments", [["list"], ["show", "tiny"], ["doctor"], ["start", "tiny", "--driver", "docker"]], ids=" ".join
)
@pytest.mark.parametrize(
    "variables", [{}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}], ids=["plain", "no colour", "rich"]
)
def test_no_terminal(arguments: list[str], variables: dict[str, str], tmp_path: Path) -> None:
    """Output that does not go to a terminal has no escape codes."""
    helpers.write_lab(tmp_path, LESSON)
    result = helpers.run_labs(tmp_path, *arguments, **variables)
    assert result.stdout + result.stderr
    assert "\x1b" not in result.stdout + result.stderr


def run_on_terminal(folder: Path, *arguments: str, **variables: str) -> str:
    """Run `labs` on a pseudo-terminal, with a pager that prints everything at once, and return the output."""
    parent_end, child_end = pty.openpty()
    argv = [sys.executable, "-m", "runner", *arguments]
    environment = helpers.build_environment(folder, TERM="xterm-256color", PAGER="cat", **variables)
    with subprocess.Popen(argv, env=environment, stdin=child_end, stdout=child_end, stderr=child_end) as process:
        os.close(child_end)
        output = b""
        # Reading a terminal whose other side is closed ends with an error.
        with contextlib.suppress(OSError):
            while select.select([parent_end], [], [], 20)[0] and (data := os.read(parent_end, 1 << 16)):
                output += data
        os.close(parent_end)
        process.kill()
    return output.decode()


@pytest.mark.parametrize(
    "arguments", [["show", "tiny"], ["doctor"], ["start", "tiny", "--driver", "docker"]], ids=" ".join
)
def test_terminal(arguments: list[str], tmp_path: Path) -> None:
    """Output to a terminal is coloured, unless NO_COLOR is set."""
    helpers.write_lab(tmp_path, LESSON)
    assert COLOUR.search(run_on_terminal(tmp_path, *arguments))
    assert not COLOUR.search(run_on_terminal(tmp_path, *arguments, NO_COLOR="1"))


def test_commands_can_be_copied(tmp_path: Path) -> None:
    """On a narrow terminal, commands are neither indented nor wrapped, so that they can be copied."""
    script = f"cat >list <<'END'\none\n  two\nEND\necho {' '.join(map(str, range(60)))}\n"
    helpers.write_lab(tmp_path, LESSON.replace("ls -l\n", script))
    plain = re.sub(r"\x1b\[[\d;]*m", "", run_on_terminal(tmp_path, "show", "tiny", "look", COLUMNS="40"))
    assert f"\n{script}  total 0\n" in plain.replace("\r", "")
