"""Skip the tests of the driver uml on systems that cannot run it: they use the system calls of Linux."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _require_linux() -> None:
    if not hasattr(os, "pidfd_open"):
        pytest.skip("the driver uml needs pidfd_open and other system calls of Linux")
