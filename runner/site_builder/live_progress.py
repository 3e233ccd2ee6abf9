"""What the learner has reached in the terminal, for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.lessons import catalog
from runner.lessons.learner_values import Learner
from runner.progress import store


def learners() -> Mapping[str, Learner]:
    """Return for every lab whose values it has.

    Raises:
        OSError: What is kept of them cannot be read.

    """
    return {lab: store.load(lab).learner for lab in catalog.names()}


def reached() -> Mapping[str, Sequence[str]]:
    """Return for every lab the steps that the learner has passed.

    Raises:
        OSError: What is kept of them cannot be read.

    """
    passed = {}
    for lab in catalog.names():
        steps = store.load(lab).steps
        passed[lab] = sorted(step_id for step_id, record in steps.items() if record.passed)
    return {lab: steps for lab, steps in passed.items() if steps}
