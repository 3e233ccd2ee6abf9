"""Arguments and options that several commands take, with their shell completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        """Complete with the names of all labs."""
        from runner.lessons import catalog

        return _complete(catalog.list_lab_names(), incomplete)


class NodeName(click.ParamType[str]):
    """The name of a node."""

    name = "node"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete with the nodes of all clusters."""
        try:
            clusters = lookup.survey_clusters().require_all_clusters()
        except LabsError:
            return []
        return _complete(sorted({node.name for cluster in clusters for node in cluster.nodes}), incomplete)


class StepId(click.ParamType[str]):
    """The id of a step."""

    name = "step"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete with the steps of the lab that was typed, or of all labs that are started."""
        from runner.lessons import catalog

        # click leaves arguments unparsed while the value of an option is completed.
        lab = ctx.params.get("lab") or next(iter(ctx.args), None)
        try:
            names = {lab} if lab else {cluster.id.lab for cluster in lookup.survey_clusters().require_all_clusters()}
            steps = [step.id for name in sorted(names) for step in catalog.load_lab(name).lesson.steps]
        except LabsError:
            return []
        return _complete(steps, incomplete)


class LabOrStep(LabName):
    """The name of a lab, or the id of a step of the lab that is started."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete with the names of all labs and the ids of steps."""
        return super().shell_complete(ctx, param, incomplete) + STEP.shell_complete(ctx, param, incomplete)


class DriverName(click.ParamType[str]):
    """The name of a driver; commands validate it, so that they can suggest the closest name as they do for labs."""

    name = "driver"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete with the names of all drivers."""
        from runner.clusters import selection

        return _complete(selection.DRIVER_NAMES, incomplete)


def _complete(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


DRIVER = DriverName()
LAB = LabName()
NODE = NodeName()
STEP = StepId()
optional_lab_argument = click.argument("lab", type=LAB, required=False)


def lab_and_step_arguments(command: click.decorators.FC) -> click.decorators.FC:
    """Add arguments for a lab, a step, or both; `Session.resolve_lab_and_step` distinguishes them."""
    with_step = click.argument("step", type=STEP, required=False)(command)
    return click.argument("lab", type=LabOrStep(), required=False)(with_step)


driver_option = click.option(
    "--driver",
    metavar="NAME",
    type=DRIVER,
    help="The driver that creates the nodes: 'docker' (containers) or 'uml' (user-mode Linux VMs).",
)
lab_option = click.option("--lab", type=LAB, help="The lab of the node, if more than one lab is started.")

hidden_checks_option = click.option(
    "--checks",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder with hidden checks in test_LAB.py; students see neither their names nor their messages.",
)


def time_limit_option(default_seconds: int) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Add an option for the time limit of a submission."""
    return click.option(
        "--time-limit",
        type=click.IntRange(10, 24 * 3600),
        default=default_seconds,
        show_default=True,
        metavar="SECONDS",
        help="Time limit for all commands of a submission together.",
    )


def learner_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add options for a learner and a seed; `parse_learner` combines them."""
    seed_help = "The word from your instructor that determines the values."
    with_seed = click.option("--seed", metavar="WORD", help=seed_help)(command)
    learner_help = "Use the values of this learner; ID is the learner's name in the course."
    return click.option("--learner", metavar="ID", help=learner_help)(with_seed)


def parse_learner(learner: str | None, seed: str | None) -> Learner | None:
    """Return the learner that the options name, or None if they name none.

    Raises:
        UsageError: There is a seed but no learner.

    """
    if learner is None and seed is not None:
        raise UsageError("'--seed' needs a learner to draw values for.", "Add '--learner ID'.")
    if learner is None:
        return None
    return Learner(learner, seed or "") if learner else NO_LEARNER
