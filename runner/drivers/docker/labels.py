"""The labels on Docker objects, which are the only record of what runs."""

from __future__ import annotations

from runner.clusters.driver import ClusterId

PROJECT = "labs.project"
LAB = "labs.lab"
RUN = "labs.run"
NODE = "labs.node"
ROLE = "labs.role"
NUMBER = "labs.number"
ADDRESS = "labs.address"
COMPLETE = "labs.complete"
STORE = "labs.store"
RECIPE = "labs.recipe"
STAND_IN = "labs.stand-in"
CONTENTS = "labs.contents"
VOLUME = "labs.volume"

ALL = {"label": f"{PROJECT}=labs"}


def of(cluster: ClusterId, **more: str) -> dict[str, str]:
    """Return the labels of an object that belongs to a cluster.

    Args:
        cluster: The cluster.
        more: Further labels, named without their `labs.` prefix.

    """
    own = {PROJECT: "labs", LAB: cluster.lab, RUN: cluster.run}
    return own | {f"labs.{key}": value for key, value in more.items()}


def filters(cluster: ClusterId) -> dict[str, list[str]]:
    """Return the engine's filter for what belongs to a cluster."""
    return {"label": [f"{key}={value}" for key, value in of(cluster).items()]}


def cluster_of(labels: dict[str, str] | None) -> ClusterId | None:
    """Return the cluster that an object belongs to, if it is a cluster's."""
    if not labels or LAB not in labels:
        return None
    return ClusterId(labels[LAB], labels.get(RUN, "main"))
