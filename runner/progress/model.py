"""A learner's progress in a lab, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.lessons.model import Lesson, Step


class StepCompletion(StrEnum):
    """How a step was completed on the current cluster: by the learner, or replayed by `labs`."""

    PASSED = "passed"
    PLAYED = "played"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The permanent record of one step, independent of any cluster.

    Attributes:
        passed_at: When the learner first passed it.
        spoiled_at: When its solution was first shown, if that was before it was passed.
        shown_hints: The ids of the hints that were shown.

    """

    passed_at: datetime | None = None
    spoiled_at: datetime | None = None
    shown_hints: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Progress:
    """A learner's progress in one lab.

    Attributes:
        lab: The lab's name.
        steps: The permanent record of each step, by its id. It may contain steps that a newer lesson no longer has.
        completed_on_cluster: The steps that are completed on the current cluster, and how.
        last_used: When the lab was last worked on.
        learner: The learner whose values the lab has.
        unreadable_file: The path of a progress file that could not be decoded, for a warning to the learner.

    """

    lab: str
    steps: Mapping[str, StepRecord] = field(default_factory=dict)
    completed_on_cluster: Mapping[str, StepCompletion] = field(default_factory=dict)
    last_used: datetime | None = None
    learner: Learner = NO_LEARNER
    unreadable_file: Path | None = None

    def find_step_record(self, step_id: str) -> StepRecord:
        """Return the record of a step, empty if there is none."""
        return self.steps.get(step_id, StepRecord())

    def count_passed_steps(self, lesson: Lesson) -> int:
        """Return how many of the lesson's current steps the learner has ever passed."""
        return sum(self.find_step_record(step.id).passed_at is not None for step in lesson.steps)

    def count_played_unpassed_steps(self, lesson: Lesson) -> int:
        """Return how many steps `labs` replayed on the current cluster that the learner has never passed."""
        played = [step for step in lesson.steps if self.completed_on_cluster.get(step.id) is StepCompletion.PLAYED]
        return sum(self.find_step_record(step.id).passed_at is None for step in played)

    def find_first_step_incomplete_on_cluster(self, lesson: Lesson) -> Step | None:
        """Return the first step that is not completed on the current cluster, or None if all are."""
        return next((step for step in lesson.steps if step.id not in self.completed_on_cluster), None)

    def find_first_step_never_passed(self, lesson: Lesson) -> Step | None:
        """Return the first step that the learner has never passed, or None if there is none."""
        return next((step for step in lesson.steps if self.find_step_record(step.id).passed_at is None), None)

    def with_steps_passed(self, step_ids: Iterable[str], now: datetime) -> Progress:
        """Return the progress with these steps passed; steps that `labs` replayed do not count as passed."""
        completions = self.completed_on_cluster
        own_ids = [step_id for step_id in step_ids if completions.get(step_id) is not StepCompletion.PLAYED]
        records = {step_id: self.find_step_record(step_id) for step_id in own_ids}
        passed = {step_id: replace(record, passed_at=record.passed_at or now) for step_id, record in records.items()}
        completed = {**completions, **dict.fromkeys(own_ids, StepCompletion.PASSED)}
        return replace(self, steps={**self.steps, **passed}, completed_on_cluster=completed)

    def with_steps_played(self, step_ids: Iterable[str]) -> Progress:
        """Return the progress with these steps completed on the current cluster by `labs`, not by the learner."""
        played = dict.fromkeys(step_ids, StepCompletion.PLAYED)
        return replace(self, completed_on_cluster={**played, **self.completed_on_cluster})

    def with_learner(self, learner: Learner) -> Progress:
        """Return the progress for another learner, whose different values the checks must confirm again."""
        if learner == self.learner:
            return self
        # Replayed steps stay marked as such; otherwise they would count as the learner's own work.
        completed = self.completed_on_cluster.items()
        played = {step_id: completion for step_id, completion in completed if completion is StepCompletion.PLAYED}
        return replace(self, learner=learner, completed_on_cluster=played)

    def with_hint_shown(self, step_id: str, hint_id: str) -> Progress:
        """Return the progress with one more hint shown."""
        record = self.find_step_record(step_id)
        return replace(self, steps={**self.steps, step_id: replace(record, shown_hints=record.shown_hints | {hint_id})})

    def with_solution_shown(self, step_id: str, now: datetime) -> Progress:
        """Return the progress with a step's solution shown; this has no effect once the step is passed."""
        record = self.find_step_record(step_id)
        if record.passed_at:
            return self
        return replace(self, steps={**self.steps, step_id: replace(record, spoiled_at=record.spoiled_at or now)})
