"""The data of one command: the clusters, the lab and the learner's progress, each loaded at most once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from runner.clusters import lookup
from runner.clusters.lookup import ClusterSurvey
from runner.errors import LabsError, UsageError, create_unknown_name_error
from runner.lessons import catalog
from runner.lessons.learner_values import Learner
from runner.lessons.model import Lab, Step
from runner.progress import store
from runner.progress.model import Progress


@dataclass(frozen=True)
class Session:
    """The state that a command starts from; each part is loaded on first use and then cached.

    Later changes by the command are not reflected here: create a new session to load the state again.

    Attributes:
        progress_loader: Reads the progress in a lab by its name. The CLI passes a function that reports unreadable
            progress as a warning and continues without it.

    """

    progress_loader: Callable[[str], Progress] = store.load_progress
    _labs: dict[str, Lab] = field(default_factory=dict)
    _progress: dict[str, Progress] = field(default_factory=dict)

    @cached_property
    def cluster_survey(self) -> ClusterSurvey:
        """The clusters of all drivers."""
        return lookup.survey_clusters()

    def load_progress(self, lab_name: str) -> Progress:
        """Return the learner's progress in a lab."""
        if lab_name not in self._progress:
            self._progress[lab_name] = self.progress_loader(lab_name)
        return self._progress[lab_name]

    def load_lab(self, lab_name: str, learner: Learner | None = None) -> Lab:
        """Return a lab with a learner's values filled in.

        Args:
            lab_name: The lab's name.
            learner: The learner; by default, the one for whom the lab was last started.

        Raises:
            UsageError: There is no lab of that name.
            BrokenLabError: Its lesson has problems.

        """
        if lab_name not in self._labs:
            if learner is None:
                lab = store.load_lab_for_recorded_learner(lab_name, self.load_progress)
            else:
                lab = catalog.load_lab(lab_name, learner)
            self._labs[lab_name] = lab
        return self._labs[lab_name]

    def resolve_lab_and_step(self, lab: str | None, step: str | None, command: str) -> tuple[Lab, Step | None]:
        """Return the lab and the step that a command's arguments name.

        A single argument may name a step of the lab that is started.

        Args:
            lab: The first argument, if given.
            step: The second argument, if given.
            command: The command, as in 'labs show'.

        Raises:
            UsageError: There is no such lab or step, or there are several to choose from.
            BrokenLabError: The lesson has problems.

        """
        if lab is not None and step is None and lab not in catalog.list_lab_names():
            try:
                started = self.cluster_survey.require_cluster(None).id.lab
            except LabsError:
                raise catalog.create_unknown_lab_error(lab) from None
            started_lab = self.load_lab(started)
            return started_lab, require_step(started_lab, lab, *catalog.list_lab_names())
        named_lab = self.load_lab(lab or self.require_started_lab_name(command))
        return named_lab, None if step is None else require_step(named_lab, step)

    def require_started_lab_name(self, command: str) -> str:
        """Return the name of the only lab that is started, for a command that names none.

        Args:
            command: The command, as in 'labs show'.

        Raises:
            UsageError: No lab is started, or several are.
            HostError: A driver could not list its clusters.

        """
        # Outside the try block, because a wrong LABS_DRIVER needs other advice.
        survey = self.cluster_survey
        try:
            return survey.require_cluster(None).id.lab
        except UsageError as error:
            raise UsageError(error.message, f"Name a lab: '{command} LAB'. 'labs list' shows the labs.") from None


def require_step(lab: Lab, step_id: str, *other_names: str) -> Step:
    """Return a lab's step by its id.

    Args:
        lab: The lab.
        step_id: The id.
        other_names: Names that the user may have meant instead of a step; the error suggests similar ones.

    Raises:
        UsageError: The lab has no such step.

    """
    step = lab.lesson.find_step(step_id)
    if step is None:
        step_ids = [step.id for step in lab.lesson.steps]
        list_steps = f"labs show {lab.name}"
        if other_names:
            raise create_unknown_name_error("lab or step", step_id, [*step_ids, *other_names], "labs list", list_steps)
        raise create_unknown_name_error("step", step_id, step_ids, list_steps)
    return step
