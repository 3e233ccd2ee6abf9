"""What pages are told of the learner's progress."""

from __future__ import annotations

from pathlib import Path

from runner.learning import kept
from runner.pages import live
from tests import kit


def test_reached(tree: Path) -> None:
    """The steps that the learner has passed are told, and neither those that labs played nor labs without any."""
    for name in ("tiny", "other"):
        kit.write_lab(tree, f"{kit.FRONT}## Look {{#look}}\n## Find {{#find}}\n", name=name)
    kept.played("tiny", ["find"])
    kept.passed("tiny", ["look"])
    assert {"tiny": ["look"]} == live.reached()


def test_nothing_kept(tree: Path) -> None:
    """Who has not begun has reached nothing, and nothing is written for it."""
    kit.write_lab(tree, f"{kit.FRONT}## Look {{#look}}\n")
    assert {} == live.reached()
    assert not (tree / "state_home").exists()
