"""Read the learner's progress for the pages that `labs site serve` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.lessons import catalog
from runner.lessons.learner_values import Learner
from runner.progress import store


def load_learners_by_lab() -> Mapping[str, Learner]:
    """Return the learner whose values each lab uses, by lab name.

    Raises:
        OSError: The progress cannot be read.

    """
    return {lab: store.load_progress(lab).learner for lab in catalog.list_lab_names()}


def load_passed_step_ids_by_lab() -> Mapping[str, Sequence[str]]:
    """Return the ids of the steps that the learner has passed, by lab name; labs without any are left out.

    Raises:
        OSError: The progress cannot be read.

    """
    passed_steps = {}
    for lab in catalog.list_lab_names():
        steps = store.load_progress(lab).steps
        passed_steps[lab] = sorted(step_id for step_id, record in steps.items() if record.passed_at)
    return {lab: steps for lab, steps in passed_steps.items() if steps}
