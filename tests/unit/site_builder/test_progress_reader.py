"""The progress that live pages show."""

from __future__ import annotations

from pathlib import Path

from runner.progress import store
from runner.site_builder import progress_reader
from tests.support import helpers


def test_passed_steps(tree: Path) -> None:
    """Steps that the learner passed are included; steps that labs played, and labs without passed steps, are not."""
    for name in ("tiny", "other"):
        helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n", name=name)
    store.record_steps_played("tiny", ["find"])
    store.record_steps_passed("tiny", ["look"])
    assert {"tiny": ["look"]} == progress_reader.load_passed_step_ids_by_lab()


def test_no_progress(tree: Path) -> None:
    """Without any progress the result is empty, and no state is written."""
    helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    assert {} == progress_reader.load_passed_step_ids_by_lab()
    assert not (tree / "state_home").exists()
