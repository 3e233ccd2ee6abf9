"""The arguments that many commands take, with their completion."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from runner.clusters import find
from runner.errors import LabsError


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
