"""The lab swarm-basics, proved on a real swarm."""

from __future__ import annotations

import pytest

from tests.conftest import Labs


@pytest.fixture
def own(labs: Labs) -> Labs:
    """Return what runs `labs` on the project's own labs, and not on the tests' tree."""

    def run(*argv: str) -> object:
        return labs(*argv, env={"LABS_ROOT": ""})

    return run  # type: ignore[return-value]


def test_verify_is_green(own: Labs) -> None:
    """Every step of swarm-basics fails before, passes after, and each near miss is told as its file promises."""
    done = own("verify", "swarm-basics")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert 10 <= done.stdout.count(": fails, saying")
