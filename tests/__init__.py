"""Tests of `runner`, `checks` and the labs, in tiers: `unit`, `cli`, `integration`, `course`."""
