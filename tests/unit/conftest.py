"""Profiles for the tests that draw their input with Hypothesis."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples in every run, and more and other examples each night (`make fuzz`).
settings.register_profile("short", max_examples=100, derandomize=True, database=None, deadline=None)
settings.register_profile("long", max_examples=10_000, derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
