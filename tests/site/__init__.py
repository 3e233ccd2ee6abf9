"""Tests of the lesson site in a real browser."""
