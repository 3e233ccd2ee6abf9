"""Finds the cluster that a command is about."""

from __future__ import annotations

from runner.clusters import provision, selection
from runner.errors import HostError, UsageError, unknown_name_error
from runner.lessons import catalog
from runner.nodes.driver_interface import Cluster, ClusterId, Node, NodeState


def survey() -> tuple[list[Cluster], HostError | None]:
    """Return every cluster of every driver that can be asked, and why one cannot that this user depends on."""
    found: list[Cluster] = []
    refusals: list[HostError] = []
    for driver in selection.that_can_have_clusters():
        try:
            found += driver.list_clusters()
        except HostError as error:
            refusals.append(error)
    # Clusters of a driver are there also after an update of labs that its images do not fit any more.
    if refusals and (provision.recorded() - {cluster.id for cluster in found} or not (found or _do_without())):
        return found, refusals[0]
    return found, None


def all_clusters() -> list[Cluster]:
    """Return every cluster of every driver.

    Raises:
        HostError: A driver could not be asked that this user depends on.

    """
    found, refusal = survey()
    if refusal:
        raise refusal
    return found


def _do_without() -> bool:
    """Whether the user does without the others: whoever has made a driver's images need not hear of another one."""
    return any(driver.list_images() for driver in selection.that_answer())


def started(cluster: ClusterId) -> Cluster | None:
    """Return a cluster if there is anything of it.

    Raises:
        HostError: It was started on a driver that cannot be asked now.

    """
    clusters, refusal = survey()
    found = next((one for one in clusters if one.id == cluster), None)
    if found is None and refusal and cluster in provision.recorded():
        raise refusal
    return found


def the_cluster(lab: str | None, *, run: str = "main") -> Cluster:
    """Return the cluster of a lab, or the only one there is.

    Args:
        lab: The lab's name, or None for the only cluster of this run.
        run: Which run.

    Raises:
        UsageError: There is no such lab or cluster, or there are several to choose from.

    """
    clusters, refusal = survey()
    own = [cluster for cluster in clusters if cluster.id.run == run]
    if lab is None:
        if refusal and not own:
            raise refusal
        return _only(own)
    found = _named(clusters, lab, run)
    if found is None:
        if refusal:
            raise refusal
        if lab not in catalog.names():
            raise catalog.unknown(lab)
        raise UsageError(f"'{lab}' is not started.", f"Type 'labs start {lab}'.")
    return found


def the_remains(lab: str) -> Cluster:
    """Return the cluster of a lab, or of whatever else `labs status` names, in any state.

    Raises:
        UsageError: There is none.

    """
    clusters, refusal = survey()
    found = _named(clusters, lab, "main")
    if found is None:
        if refusal:
            raise refusal
        known = {*catalog.names(), *(str(cluster.id) for cluster in clusters)}
        if lab not in known:
            raise unknown_name_error("lab", lab, sorted(known), "labs status")
        raise UsageError(f"'{lab}' is not started, so there is nothing to remove.", "'labs status' shows what is.")
    return found


def _named(clusters: list[Cluster], lab: str, run: str) -> Cluster | None:
    # By this `labs status` calls it too, where it is no lab's own: 'swarm-basics.verify'.
    wanted = str(ClusterId(lab, run))
    return next((cluster for cluster in clusters if str(cluster.id) == wanted), None)


def require_main(cluster: Cluster) -> None:
    """Refuse what another command has made for itself: a learner's progress is not about that.

    Raises:
        UsageError: It is such a cluster.

    """
    if not cluster.id.is_main:
        raise UsageError(
            f"'{cluster.id}' is of another command, or its remains.", f"'labs rm {cluster.id}' removes it."
        )


def running_cluster(lab: str | None, *, run: str = "main") -> Cluster:
    """Return the same as `the_cluster`, if at least one of its nodes is up.

    Raises:
        UsageError: There is no such cluster.
        HostError: None of its nodes is up, or its start was interrupted.

    """
    cluster = the_cluster(lab, run=run)
    if not cluster.complete:
        raise HostError(f"The start of '{cluster.id}' was interrupted.", f"Type 'labs start {cluster.id.lab}'.")
    if not any(node.state is NodeState.RUNNING for node in cluster.nodes):
        raise HostError(f"The nodes of '{cluster.id}' are halted.", f"Type 'labs start {cluster.id.lab}'.")
    return cluster


def the_node(name: str, lab: str | None, *, run: str = "main") -> Node:
    """Return a node by name, of a lab's cluster or of the only cluster.

    Raises:
        UsageError: There is no such node.
        HostError: The node is down.

    """
    cluster = running_cluster(lab, run=run)
    names = [node.name for node in cluster.nodes]
    if name not in names:
        raise unknown_name_error("node", name, names, "labs status")
    node = cluster.nodes[names.index(name)]
    if node.state is not NodeState.RUNNING:
        raise HostError(f"{name} is down.", f"Type 'labs start {cluster.id.lab}' to bring it up again.")
    return node


def _only(clusters: list[Cluster]) -> Cluster:
    if len(clusters) == 1:
        return clusters[0]
    if not clusters:
        raise UsageError("No lab is started.", "'labs list' shows the labs; 'labs start LAB' starts one.")
    names = ", ".join(str(cluster.id) for cluster in clusters)
    one = clusters[0].id
    advice = f"Say which one you mean, as in 'labs check {one}' or 'labs shell node1 --lab {one}'."
    raise UsageError(f"More than one lab is started: {names}.", advice)
