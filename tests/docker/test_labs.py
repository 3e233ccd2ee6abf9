"""The labs themselves, each proved on real nodes."""

from __future__ import annotations

import pytest

from tests.conftest import Labs


@pytest.mark.parametrize("lab", ["compose-counter", "secrets", "swarm-basics"])
def test_verify_is_green(labs: Labs, lab: str) -> None:
    """Every step of a lab fails before, passes after, and each near miss is told as its file promises."""
    done = labs("verify", lab, env={"LABS_ROOT": ""})
    assert 0 == done.returncode, done.stdout + done.stderr
    assert 10 <= done.stdout.count(": fails, saying")
