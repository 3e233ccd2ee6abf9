"""What the learner has reached in the terminal, for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.lessons import catalog
from runner.lessons.learner_values import Learner
from runner.progress import store


def load_learners() -> Mapping[str, Learner]:
    """Return for every lab whose values it has.

    Raises:
        OSError: What is kept of them cannot be read.

    """
    return {lab: store.load_progress(lab).learner for lab in catalog.list_lab_names()}


def load_passed_steps() -> Mapping[str, Sequence[str]]:
    """Return for every lab the steps that the learner has passed.

    Raises:
        OSError: What is kept of them cannot be read.

    """
    passed = {}
    for lab in catalog.list_lab_names():
        steps = store.load_progress(lab).steps
        passed[lab] = sorted(step_id for step_id, record in steps.items() if record.passed_at)
    return {lab: steps for lab, steps in passed.items() if steps}
