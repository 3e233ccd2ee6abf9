"""The arguments that many commands take, with their completion."""

from __future__ import annotations

import os
import re

import click
from click.shell_completion import CompletionItem

from runner.clusters import find
from runner.clusters.driver import Cluster, ClusterId, Node
from runner.errors import LabsError, UsageError


def run_name() -> str:
    """Return which run of a lab commands are about: `LABS_RUN`, so that two can stand side by side.

    Raises:
        UsageError: It is no fit name.

    """
    run = os.environ.get("LABS_RUN", "main")
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,20}", run):
        raise UsageError(
            f"LABS_RUN is '{run}', which cannot name a run.", "Use up to 20 small letters, digits and dashes."
        )
    return run


def cluster_id(lab: str) -> ClusterId:
    """Return the id of the cluster of a lab that commands are about."""
    return ClusterId(lab, run_name())


def started(lab: str | None) -> Cluster:
    """Return the cluster of a lab, or the only one, running or not."""
    return find.the_cluster(lab, run=run_name())


def running(lab: str | None) -> Cluster:
    """Return the cluster of a lab, or the only one, which must be up."""
    return find.running_cluster(lab, run=run_name())


def node(name: str, lab: str | None) -> Node:
    """Return a node that is up."""
    return find.the_node(name, lab, run=run_name())


class LabName(click.ParamType[str]):
    """The name of a lab."""

    name = "lab"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the labs there are."""
        from runner.lessons import catalog

        return [CompletionItem(name) for name in catalog.names() if name.startswith(incomplete)]


class NodeName(click.ParamType[str]):
    """The name of a node."""

    name = "node"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the nodes that run."""
        try:
            names = {node.name for cluster in find.all_clusters() for node in cluster.nodes}
        except LabsError:
            return []
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


LAB = LabName()
NODE = NodeName()
lab_argument = click.argument("lab", type=LAB)
optional_lab_argument = click.argument("lab", type=LAB, required=False)
lab_option = click.option("--lab", type=LAB, help="The node's lab, where more than one is started.")
