"""A host engine behind ssh, with a fake ssh that runs the command on this host."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.docker_leftovers import Leftovers
from tests.support.labs_command import LabsRunner

FAKE_SSH = """#!/bin/sh
echo "$@" >>"$SSH_LOG"
while [ "$1" != -- ]; do shift; done
shift 2
unset DOCKER_HOST
exec "$@"
"""


@pytest.fixture
def over_ssh(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which ssh to any host leads to this host."""
    (tmp_path / "ssh").write_text(FAKE_SSH, "utf-8")
    (tmp_path / "ssh").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return {"DOCKER_HOST": "ssh://me@server:2222", "PATH": path, "SSH_LOG": str(tmp_path / "log")}


@pytest.mark.usefixtures("clean")
def test_lab_over_ssh(labs: LabsRunner, over_ssh: dict[str, str], leftovers: Leftovers) -> None:
    """With DOCKER_HOST=ssh://..., a lab starts, runs commands and is removed."""
    started = labs("start", "solo", env=over_ssh)
    assert 0 == started.returncode, started.stderr
    assert "-l me -p 2222 -- server docker system dial-stdio" in Path(over_ssh["SSH_LOG"]).read_text("utf-8")
    piped = labs("exec", "node1", "--", "cat", env=over_ssh, input="through")
    assert "through" == piped.stdout, piped.stderr
    assert 0 == labs("rm", "solo", env=over_ssh).returncode
    assert [] == leftovers.list_all()


def test_ssh_connection_error(labs: LabsRunner, over_ssh: dict[str, str], tmp_path: Path) -> None:
    """If ssh fails, its message is shown and the exit status is 4."""
    (tmp_path / "ssh").write_text("#!/bin/sh\necho 'no route to server' >&2; exit 255\n", "utf-8")
    result = labs("status", env=over_ssh)
    assert 4 == result.returncode
    assert "no route to server" in result.stderr
    assert "ssh://me@server:2222" in result.stderr
