"""Whatever was typed, in whatever way it ended, the blocks are valid for bash."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from runner.progress.shell_record import HistoryEntry, WrittenFile
from tests.support.typed_lines import list_scripts, make_entry

LINES = [
    "docker compose up",
    "cd app && docker compose up --build 2>&1 | tee -a log",
    "docker run -it --rm --name a busybox sh # try it",
    "docker run -it busybox sh -c \"echo 'a\nb'\"; docker ps | less",
    "sudo -i",
    "bash -c 'nano f'",
    "nano f && cat f | more || exit 1",
    "vi a b; clear; docker stack deploy -c a app &",
    "cat > f; cat >> f",
    "cat <<E | docker config create c -\nx\nE",
    "cat <<'E' > f && nano g\nx\nE\ndocker ps",
    "for i in 1 2; do ping node$i; docker exec -it c$i sh; done",
    'while read -r l; do docker kill "$l"; done < ids',
    "if [ -f x ]; then vi x; else exit; fi",
    "f() { docker exec -it $1 sh; }; f web",
    "(cd /tmp; docker compose up) && true",
    "{ docker logs -f web; } > log 2>&1",
    "docker service create --name web nginx && docker service logs -f web",
    "X=$(docker exec -it web cat /f) docker run nginx",
    "! docker attach web",
    "time docker run -t nginx | head -1",
    "watch docker ps; docker volume create v",
    "docker exec -it $(docker ps -q | head -1) sh",
    "echo 'unclosed",
    "docker run \\\n  --tty \\\n  --interactive nginx",
    "> f",
    "select x in a b; do break; done",
    "[[ -f x ]] && docker exec -ti x sh",
]


def make_variants(line: str) -> Iterator[HistoryEntry]:
    """Yield a line with each way in which it may have ended, and each kind of input."""
    endings = [
        make_entry(line),
        make_entry(line, exit_status=1),
        make_entry(line, exit_status=130, is_interrupted=True),
        make_entry(line, exit_status=148),
        make_entry(line, is_running=True),
        replace(make_entry(line), ended_at=None, exit_status=None),
    ]
    inputs: list[dict[str, Any]] = [
        {},
        {"typed_input": ("one\n", "it's two")},
        {"keys": "cat > /f\rx\r\x04touch 'a b'\t\rvi\r\x03"},
        {"keys": "ls\r\x10\x11"},
        {"written_files": (WrittenFile("/root/it's", b"END\n$x"), WrittenFile("/g", b"\0"))},
        {"written_files": (WrittenFile("/root/f", b"a\n"),), "has_hidden_input": True},
    ]
    for entry, fields in itertools.product(endings, inputs):
        yield replace(entry, **fields)


@pytest.mark.parametrize("line", LINES)
def test_valid_scripts(line: str) -> None:
    """Bash accepts each script, unless it did not accept the line itself."""
    # While every second one ran, another line was typed.
    entries = [(entry, make_entry("touch other", 10.5, "node2")) for entry in make_variants(line)]
    drafts = [list_scripts(*pair[: 1 + index % 2]) for index, pair in enumerate(entries)]
    scripts = dict.fromkeys(script for scripts in drafts for script in scripts)
    if find_syntax_error(line) == "":
        assert dict.fromkeys(scripts, "") == {script: find_syntax_error(script) for script in scripts}


def find_syntax_error(script: str) -> str:
    """Return what bash says about a script; empty if it is valid."""
    return subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False).stderr
