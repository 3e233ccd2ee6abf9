"""Finds the lab and the step that a command's words mean."""

from __future__ import annotations

from runner.cli import _progress
from runner.clusters import lookup
from runner.errors import LabsError, UsageError, unknown_name_error
from runner.lessons import catalog
from runner.lessons.model import Lab, Step


def lab_and_step(lab: str | None, step: str | None, command: str) -> tuple[Lab, Step | None]:
    """Return what is meant; a single word may name a step of the lab that is started.

    Args:
        lab: The first word after the command, if there is one.
        step: The second.
        command: The command, as in 'labs show'.

    Raises:
        UsageError: There is no such lab or step, or there are several to choose from.
        BrokenLabError: The lesson has problems.

    """
    if lab is not None and step is None and lab not in catalog.list_lab_names():
        try:
            started = lookup.survey_clusters().require_cluster(None).id.lab
        except LabsError:
            raise catalog.unknown_lab_error(lab) from None
        found = _progress.load_learner_lab(started)
        return found, the_step(found, lab, *catalog.list_lab_names())
    found = _progress.load_learner_lab(lab or the_started(command))
    return found, None if step is None else the_step(found, step)


def the_step(lab: Lab, step_id: str, *others: str) -> Step:
    """Return a lab's step by its id.

    Args:
        lab: The lab.
        step_id: The id.
        others: What else may have been meant.

    Raises:
        UsageError: There is none.

    """
    found = lab.lesson.find_step(step_id)
    if found is None:
        known = [*(one.id for one in lab.lesson.steps), *others]
        raise unknown_name_error("lab or step" if others else "step", step_id, known, f"labs show {lab.name}")
    return found


def the_started(command: str) -> str:
    """Return the name of the only lab that is started, for a command that was given none.

    Raises:
        UsageError: None is, or several are.

    """
    try:
        return lookup.survey_clusters().require_cluster(None).id.lab
    except UsageError as error:
        raise UsageError(error.message, f"Say which lab: '{command} LAB'. 'labs list' shows the labs.") from None
