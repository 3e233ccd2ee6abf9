"""Finds the cluster that a command is about."""

from __future__ import annotations

from runner import suggest
from runner.clusters.driver import Cluster, ClusterId, Node, NodeState
from runner.drivers import choice
from runner.errors import UnfitError, UsageError
from runner.lessons import catalog


def all_clusters() -> list[Cluster]:
    """Return every cluster of every driver."""
    return [cluster for driver in choice.all_drivers() for cluster in driver.find()]


def the_cluster(lab: str | None, *, run: str = "main") -> Cluster:
    """Return the cluster of a lab, or the only one there is.

    Args:
        lab: The lab's name, or None for the only cluster of this run.
        run: Which run.

    Raises:
        UsageError: There is no such lab or cluster, or there are several to choose from.

    """
    clusters = all_clusters()
    if lab is None:
        return _only([cluster for cluster in clusters if cluster.id.run == run])
    found = _named(clusters, lab, run)
    if found is None:
        if lab not in catalog.names():
            raise suggest.unknown("lab", lab, catalog.names(), "labs list")
        raise UsageError(f"'{lab}' is not started.", f"Type 'labs start {lab}'.")
    return found


def the_remains(lab: str) -> Cluster:
    """Return the cluster of a lab, or of whatever else `labs status` names, in any state.

    Raises:
        UsageError: There is none.

    """
    clusters = all_clusters()
    found = _named(clusters, lab, "main")
    if found is None:
        known = {*catalog.names(), *(str(cluster.id) for cluster in clusters)}
        if lab not in known:
            raise suggest.unknown("lab", lab, sorted(known), "labs status")
        raise UsageError(f"'{lab}' is not started, so there is nothing to remove.", "'labs status' shows what is.")
    return found


def _named(clusters: list[Cluster], lab: str, run: str) -> Cluster | None:
    wanted = {lab, str(ClusterId(lab, run))}
    return next((cluster for cluster in clusters if str(cluster.id) in wanted), None)


def running_cluster(lab: str | None, *, run: str = "main") -> Cluster:
    """Return the same as `the_cluster`, if at least one of its nodes is up.

    Raises:
        UsageError: There is no such cluster.
        UnfitError: None of its nodes is up, or its start was interrupted.

    """
    cluster = the_cluster(lab, run=run)
    if not cluster.complete:
        raise UnfitError(f"The start of '{cluster.id}' was interrupted.", f"Type 'labs start {cluster.id.lab}'.")
    if not any(node.state is NodeState.RUNNING for node in cluster.nodes):
        raise UnfitError(f"The nodes of '{cluster.id}' are halted.", f"Type 'labs start {cluster.id.lab}'.")
    return cluster


def the_node(name: str, lab: str | None, *, run: str = "main") -> Node:
    """Return a node by name, of a lab's cluster or of the only cluster.

    Raises:
        UsageError: There is no such node.
        UnfitError: The node is down.

    """
    cluster = running_cluster(lab, run=run)
    names = [node.name for node in cluster.nodes]
    if name not in names:
        raise suggest.unknown("node", name, names, "labs status")
    node = cluster.nodes[names.index(name)]
    if node.state is not NodeState.RUNNING:
        raise UnfitError(f"{name} is down.", f"Type 'labs start {cluster.id.lab}' to bring it up again.")
    return node


def _only(clusters: list[Cluster]) -> Cluster:
    if len(clusters) == 1:
        return clusters[0]
    if not clusters:
        raise UsageError("No lab is started.", "'labs list' shows the labs; 'labs start LAB' starts one.")
    names = ", ".join(str(cluster.id) for cluster in clusters)
    raise UsageError(f"More than one lab is started: {names}.", "Say which one you mean.")
