"""Tests that need real nodes or a real browser."""
