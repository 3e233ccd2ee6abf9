"""`labs watch` with VMs as nodes."""

from __future__ import annotations

import sys

from tests.conftest import LabsRunner
from tests.emulated_screen import ScreenTerminal, reaction_limit


def test_watch(labs: LabsRunner, trio: str, environment: dict[str, str]) -> None:
    """With VMs too, a step turns green soon after it is done, and a node whose engine was killed is not ready."""
    display = ScreenTerminal([sys.executable, "-m", "runner", "watch", trio], environment, columns=100, rows=30)
    try:
        display.wait_for("✗ node1 is in a swarm")
        result = labs("exec", "node1", "--", "docker", "swarm", "init", "--advertise-addr", "eth0")
        assert 0 == result.returncode, result.stderr
        display.wait_for("✓ Make a swarm", reaction_limit())
        labs("exec", "node3", "--", "sh", "-c", "kill -KILL $(pidof dockerd)")
        display.wait_for("○ node3", 15)
        display.type_text("q")
        assert 0 == display.wait_for_exit()
    finally:
        display.close()
