"""What a learner has reached in a lab, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lesson, Step


class StepCompletion(StrEnum):
    """How a step came to be done on the present cluster."""

    PASSED = "passed"
    PLAYED = "played"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is kept of one step for good, whatever becomes of clusters.

    Attributes:
        passed: When the learner first passed it.
        spoiled: When its solution was first looked at, if that was before passing it.
        hints: The marks of the hints that were shown.

    """

    passed_at: datetime | None = None
    spoiled_at: datetime | None = None
    shown_hints: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Progress:
    """What a learner has reached in one lab.

    Attributes:
        lab: The lab's name.
        steps: What is kept of each step, by its id; ids that a newer lesson no longer has may be among them.
        here: The steps that are done on the present cluster, and how.
        used: When the lab was last worked on.
        learner: Whose values the lab has.
        lost: Where a record that could not be read was put just now; the learner wants to know.

    """

    lab: str
    steps: Mapping[str, StepRecord] = field(default_factory=dict)
    completed_on_cluster: Mapping[str, StepCompletion] = field(default_factory=dict)
    last_used: datetime | None = None
    learner: Learner = NO_LEARNER
    unreadable_file: Path | None = None

    def step_record(self, step_id: str) -> StepRecord:
        """Return what is kept of a step, or an empty record."""
        return self.steps.get(step_id, StepRecord())

    def count_passed(self, lesson: Lesson) -> int:
        """Return how many of the lesson's steps, as it is today, the learner has ever passed."""
        return sum(self.step_record(step.id).passed_at is not None for step in lesson.steps)

    def count_played(self, lesson: Lesson) -> int:
        """Return how many steps labs has played here that the learner has never passed."""
        return sum(
            self.completed_on_cluster.get(step.id) is StepCompletion.PLAYED and not self.step_record(step.id).passed_at
            for step in lesson.steps
        )

    def find_current_step(self, lesson: Lesson) -> Step | None:
        """Return the first step that is not done on the present cluster, or None if all are."""
        return next((step for step in lesson.steps if step.id not in self.completed_on_cluster), None)

    def find_first_unpassed_step(self, lesson: Lesson) -> Step | None:
        """Return the first step that the learner has never passed, or None if there is none."""
        return next((step for step in lesson.steps if self.step_record(step.id).passed_at is None), None)

    def with_steps_passed(self, step_ids: Iterable[str], now: datetime) -> Progress:
        """Return the progress with these steps passed; what labs itself has played is nobody's pass."""
        own = [step_id for step_id in step_ids if self.completed_on_cluster.get(step_id) is not StepCompletion.PLAYED]
        steps = {
            step_id: replace(self.step_record(step_id), passed_at=self.step_record(step_id).passed_at or now)
            for step_id in own
        }
        here = dict.fromkeys(own, StepCompletion.PASSED)
        return replace(self, steps={**self.steps, **steps}, completed_on_cluster={**self.completed_on_cluster, **here})

    def with_steps_played(self, step_ids: Iterable[str]) -> Progress:
        """Return the progress with these steps done on the present cluster, though not by the learner."""
        played = dict.fromkeys(step_ids, StepCompletion.PLAYED)
        return replace(self, completed_on_cluster={**played, **self.completed_on_cluster})

    def with_learner(self, learner: Learner) -> Progress:
        """Return the progress with another one's values, with which all must be found done anew."""
        if learner == self.learner:
            return self
        # What was played stays known as that: it must not be found to be the learner's own.
        played = {
            step_id: reached
            for step_id, reached in self.completed_on_cluster.items()
            if reached is StepCompletion.PLAYED
        }
        return replace(self, learner=learner, completed_on_cluster=played)

    def with_hint_shown(self, step_id: str, mark: str) -> Progress:
        """Return the progress with one more hint shown."""
        record = self.step_record(step_id)
        return replace(self, steps={**self.steps, step_id: replace(record, shown_hints=record.shown_hints | {mark})})

    def with_solution_shown(self, step_id: str, now: datetime) -> Progress:
        """Return the progress with a step's solution seen, which only matters before the step is passed."""
        record = self.step_record(step_id)
        if record.passed_at:
            return self
        return replace(self, steps={**self.steps, step_id: replace(record, spoiled_at=record.spoiled_at or now)})
