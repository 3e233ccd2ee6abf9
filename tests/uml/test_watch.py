"""`labs watch` beside machines."""

from __future__ import annotations

import sys

from tests.conftest import LabsRunner
from tests.screen import Display, soon


def test_turns_green(labs: LabsRunner, trio: str, environment: dict[str, str]) -> None:
    """On machines too, a step turns green by itself and soon, and a machine that is shut down is shown so."""
    display = Display([sys.executable, "-m", "runner", "watch", trio], environment, columns=100, rows=30)
    try:
        display.await_("✗ node1 is in a swarm")
        done = labs("exec", "node1", "--", "docker", "swarm", "init", "--advertise-addr", "eth0")
        assert 0 == done.returncode, done.stderr
        display.await_("✓ Make a swarm", soon())
        labs("exec", "node3", "--", "sh", "-c", "kill -KILL $(pidof dockerd)")
        display.await_("○ node3", 15)
        display.type("q")
        assert 0 == display.ended()
    finally:
        display.close()
