"""The lab swarm-basics, proved on machines of its own."""

from __future__ import annotations

from tests.conftest import Labs


def test_verify_is_green(labs: Labs) -> None:
    """What holds on containers holds on machines: every step, every check, every near miss."""
    done = labs("verify", "swarm-basics", "--driver", "uml", env={"LABS_ROOT": ""})
    assert 0 == done.returncode, done.stdout + done.stderr
    assert 10 <= done.stdout.count(": fails, saying")
