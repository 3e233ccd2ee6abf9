"""`labs watch` with VMs as nodes."""

from __future__ import annotations

import sys

from tests.support.emulated_screen import ScreenTerminal, reaction_limit
from tests.support.labs_command import LabsRunner


def test_watch(uml_labs: LabsRunner, uml_trio: str, uml_environment: dict[str, str]) -> None:
    """With VMs too, a step turns green soon after it is done, and a node whose engine was killed is not ready."""
    display = ScreenTerminal([sys.executable, "-m", "runner", "watch", uml_trio], uml_environment, columns=100, rows=30)
    try:
        display.wait_for("✗ node1 is in a swarm")
        result = uml_labs("exec", "node1", "--", "docker", "swarm", "init", "--advertise-addr", "eth0")
        assert 0 == result.returncode, result.stderr
        display.wait_for("✓ Make a swarm", reaction_limit())
        uml_labs("exec", "node3", "--", "sh", "-c", "kill -KILL $(pidof dockerd)")
        display.wait_for("○ node3", 15)
        display.type_text("q")
        assert 0 == display.wait_for_exit()
    finally:
        display.close()
