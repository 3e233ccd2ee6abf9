"""The arguments that many commands take, with their completion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from runner.clusters import lookup
from runner.errors import LabsError, UsageError
from runner.lessons.learner_values import NO_LEARNER, Learner


class LabName(click.ParamType[str]):
    """The name of a lab."""

    name = "lab"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the labs there are."""
        from runner.lessons import catalog

        return [CompletionItem(name) for name in catalog.list_lab_names() if name.startswith(incomplete)]


class NodeName(click.ParamType[str]):
    """The name of a node."""

    name = "node"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the nodes that run."""
        try:
            names = {node.name for cluster in lookup.survey_clusters().require_all() for node in cluster.nodes}
        except LabsError:
            return []
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


class StepId(click.ParamType[str]):
    """The id of a step."""

    name = "step"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the steps of the lab that was named, or of those that are started."""
        from runner.lessons import catalog

        # click gives up on arguments where the value that is being typed is an option's.
        named = ctx.params.get("lab") or next(iter(ctx.args), None)
        try:
            labs = [named] if named else sorted({cluster.id.lab for cluster in lookup.survey_clusters().require_all()})
            steps = [step.id for lab in labs for step in catalog.load_lab(lab).lesson.steps]
        except LabsError:
            return []
        return [CompletionItem(step) for step in steps if step.startswith(incomplete)]


class LabOrStep(LabName):
    """The name of a lab, or the id of a step of the lab that is started."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer both."""
        return super().shell_complete(ctx, param, incomplete) + STEP.shell_complete(ctx, param, incomplete)


class DriverName(click.ParamType[str]):
    """The name of a driver; unknown ones are told with the nearest, like labs and nodes."""

    name = "driver"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the drivers there are."""
        from runner.clusters import selection

        return [CompletionItem(name) for name in selection.DRIVER_NAMES if name.startswith(incomplete)]


DRIVER = DriverName()
LAB = LabName()
NODE = NodeName()
STEP = StepId()
lab_argument = click.argument("lab", type=LAB)
optional_lab_argument = click.argument("lab", type=LAB, required=False)


def lab_and_step_arguments(command: click.decorators.FC) -> click.decorators.FC:
    """Take a lab, a step, or both; `_which.lab_and_step` tells which."""
    second = click.argument("step", type=STEP, required=False)(command)
    return click.argument("lab", type=LabOrStep(), required=False)(second)


driver_option = click.option(
    "--driver",
    metavar="NAME",
    type=DRIVER,
    help="What nodes are made of: 'docker', containers on your Docker Engine, or 'uml', machines of their own.",
)
lab_option = click.option("--lab", type=LAB, help="The node's lab, where more than one is started.")

hidden_checks_option = click.option(
    "--checks",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder with further checks, as test_LAB.py, whose names and messages students do not see.",
)


def time_limit_option(seconds: int) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Take a time limit for submissions, with this default."""
    return click.option(
        "--time-limit",
        type=click.IntRange(10, 24 * 3600),
        default=seconds,
        show_default=True,
        metavar="SECONDS",
        help="How long all blocks of a submission may take together.",
    )


def learner_options(command: click.decorators.FC) -> click.decorators.FC:
    """Take a learner and a seed; `learner_of` makes one of both."""
    word = "A word of your instructor's, with which values are drawn."
    second = click.option("--seed", metavar="WORD", help=word)(command)
    whose = "Whose values to draw, by the name that the course knows them by."
    return click.option("--learner", metavar="ID", help=whose)(second)


def parse_learner(learner: str | None, seed: str | None) -> Learner | None:
    """Return the learner that the options name; None if they name none.

    Raises:
        UsageError: There is a seed, and nobody to draw with it.

    """
    if learner is None and seed is not None:
        raise UsageError("'--seed' says nothing of whose values to draw.", "Say it with '--learner ID'.")
    if learner is None:
        return None
    return Learner(learner, seed or "") if learner else NO_LEARNER
