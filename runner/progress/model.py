"""What a learner has reached in a lab, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from runner.lessons.learner_values import NOBODY, Learner
from runner.lessons.model import Lesson, Step


class Reached(StrEnum):
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

    passed: datetime | None = None
    spoiled: datetime | None = None
    hints: frozenset[str] = frozenset()


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
    here: Mapping[str, Reached] = field(default_factory=dict)
    used: datetime | None = None
    learner: Learner = NOBODY
    lost: Path | None = None

    def of(self, step_id: str) -> StepRecord:
        """Return what is kept of a step, or an empty record."""
        return self.steps.get(step_id, StepRecord())

    def passed(self, lesson: Lesson) -> int:
        """Return how many of the lesson's steps, as it is today, the learner has ever passed."""
        return sum(self.of(step.id).passed is not None for step in lesson.steps)

    def played(self, lesson: Lesson) -> int:
        """Return how many steps labs has played here that the learner has never passed."""
        return sum(self.here.get(step.id) is Reached.PLAYED and not self.of(step.id).passed for step in lesson.steps)

    def place(self, lesson: Lesson) -> Step | None:
        """Return the first step that is not done on the present cluster, or None if all are."""
        return next((step for step in lesson.steps if step.id not in self.here), None)

    def unpassed(self, lesson: Lesson) -> Step | None:
        """Return the first step that the learner has never passed, or None if there is none."""
        return next((step for step in lesson.steps if self.of(step.id).passed is None), None)

    def with_passed(self, step_ids: Iterable[str], now: datetime) -> Progress:
        """Return the progress with these steps passed; what labs itself has played is nobody's pass."""
        own = [step_id for step_id in step_ids if self.here.get(step_id) is not Reached.PLAYED]
        steps = {step_id: replace(self.of(step_id), passed=self.of(step_id).passed or now) for step_id in own}
        here = dict.fromkeys(own, Reached.PASSED)
        return replace(self, steps={**self.steps, **steps}, here={**self.here, **here})

    def with_played(self, step_ids: Iterable[str]) -> Progress:
        """Return the progress with these steps done on the present cluster, though not by the learner."""
        played = dict.fromkeys(step_ids, Reached.PLAYED)
        return replace(self, here={**played, **self.here})

    def with_learner(self, learner: Learner) -> Progress:
        """Return the progress with another one's values, with which all must be found done anew."""
        if learner == self.learner:
            return self
        # What was played stays known as that: it must not be found to be the learner's own.
        played = {step_id: reached for step_id, reached in self.here.items() if reached is Reached.PLAYED}
        return replace(self, learner=learner, here=played)

    def with_hint(self, step_id: str, mark: str) -> Progress:
        """Return the progress with one more hint shown."""
        record = self.of(step_id)
        return replace(self, steps={**self.steps, step_id: replace(record, hints=record.hints | {mark})})

    def with_solution(self, step_id: str, now: datetime) -> Progress:
        """Return the progress with a step's solution seen, which only matters before the step is passed."""
        record = self.of(step_id)
        if record.passed:
            return self
        return replace(self, steps={**self.steps, step_id: replace(record, spoiled=record.spoiled or now)})
