"""The labels on Docker objects, which are the only record of what exists on the engine."""

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
LAYER_CACHE = "labs.layer-cache"
# The label that earlier versions put on layer caches, so that these can be found and removed.
OLD_LAYER_CACHE = "labs.store"
OWNER = "labs.owner"
LOCK = "labs.lock"
RECIPE = "labs.recipe"
STAND_IN = "labs.stand-in"
CONTENTS = "labs.contents"
VOLUME = "labs.volume"

# The label of all images: every project uses the same ones.
IMAGES = {PROJECT: "labs"}


def build_project_filter() -> dict[str, list[str]]:
    """Return the engine's filter for everything that belongs to this project."""
    return {"label": [f"{PROJECT}={paths.project_name()}"]}


def format_object_name(cluster: ClusterId, part: str = "") -> str:
    """Return the name of a cluster's network, or of a container or volume that is part of it."""
    return "-".join(filter(None, (paths.project_name(), str(cluster), part)))


def build_cluster_labels(cluster: ClusterId, **more: str) -> dict[str, str]:
    """Return the labels of an object that belongs to a cluster.

    Args:
        cluster: The cluster.
        more: Further labels, without their `labs.` prefix.

    """
    cluster_labels = {PROJECT: paths.project_name(), LAB: cluster.lab, RUN: cluster.run}
    return cluster_labels | {f"labs.{key}": value for key, value in more.items()}


def build_cluster_filter(cluster: ClusterId) -> dict[str, list[str]]:
    """Return the engine's filter for everything that belongs to a cluster."""
    return {"label": [f"{key}={value}" for key, value in build_cluster_labels(cluster).items()]}


def parse_cluster_id(labels: dict[str, str] | None) -> ClusterId | None:
    """Return the cluster that an object belongs to, or None if it belongs to no cluster."""
    if not labels or LAB not in labels:
        return None
    return ClusterId(labels[LAB], labels.get(RUN, "main"))
