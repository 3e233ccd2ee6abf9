"""What pages are told of the learner's progress."""

from __future__ import annotations

from pathlib import Path

from runner.progress import store
from runner.site_builder import live_progress
from tests import helpers


def test_reached(tree: Path) -> None:
    """The steps that the learner has passed are told, and neither those that labs played nor labs without any."""
    for name in ("tiny", "other"):
        helpers.write_lab(tree, f"{helpers.FRONT}## Look {{#look}}\n## Find {{#find}}\n", name=name)
    store.record_played("tiny", ["find"])
    store.record_passed("tiny", ["look"])
    assert {"tiny": ["look"]} == live_progress.load_passed_steps()


def test_nothing_kept(tree: Path) -> None:
    """Who has not begun has reached nothing, and nothing is written for it."""
    helpers.write_lab(tree, f"{helpers.FRONT}## Look {{#look}}\n")
    assert {} == live_progress.load_passed_steps()
    assert not (tree / "state_home").exists()
