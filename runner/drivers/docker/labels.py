"""The labels on Docker objects, which are the only record of what runs."""

from __future__ import annotations

from runner import paths
from runner.nodes.driver_interface import ClusterId

PROJECT = "labs.project"
LAB = "labs.lab"
RUN = "labs.run"
NODE = "labs.node"
ROLE = "labs.role"
NUMBER = "labs.number"
ADDRESS = "labs.address"
COMPLETE = "labs.complete"
STORE = "labs.store"
OWNER = "labs.owner"
RECIPE = "labs.recipe"
STAND_IN = "labs.stand-in"
CONTENTS = "labs.contents"
VOLUME = "labs.volume"

# Images are shared by all projects, since they are the same for each.
IMAGES = {PROJECT: "labs"}


def everything() -> dict[str, list[str]]:
    """Return the engine's filter for all that belongs to this project."""
    return {"label": [f"{PROJECT}={paths.project()}"]}


def name(cluster: ClusterId, part: str = "") -> str:
    """Return the name of a cluster's network, or of a container or volume of it."""
    return "-".join(filter(None, (paths.project(), str(cluster), part)))


def of(cluster: ClusterId, **more: str) -> dict[str, str]:
    """Return the labels of an object that belongs to a cluster.

    Args:
        cluster: The cluster.
        more: Further labels, named without their `labs.` prefix.

    """
    own = {PROJECT: paths.project(), LAB: cluster.lab, RUN: cluster.run}
    return own | {f"labs.{key}": value for key, value in more.items()}


def filters(cluster: ClusterId) -> dict[str, list[str]]:
    """Return the engine's filter for what belongs to a cluster."""
    return {"label": [f"{key}={value}" for key, value in of(cluster).items()]}


def cluster_of(labels: dict[str, str] | None) -> ClusterId | None:
    """Return the cluster that an object belongs to, if it is a cluster's."""
    if not labels or LAB not in labels:
        return None
    return ClusterId(labels[LAB], labels.get(RUN, "main"))
