"""Tests that run real machines."""
