"""Tests of `runner` and `checks`; those in `docker/`, `uml/` and `browser/` need real nodes or a real browser."""
