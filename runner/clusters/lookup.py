"""Find the existing clusters, and select the one that a command is about."""

from __future__ import annotations

from dataclasses import dataclass

from runner.clusters import run_records, selection
from runner.errors import HostError, UsageError, create_unknown_name_error
from runner.lessons import catalog
from runner.nodes.driver_interface import Cluster, ClusterId, Node, NodeState


@dataclass(frozen=True, slots=True)
class ClusterSurvey:
    """The clusters of all drivers, as they were at one moment.

    Attributes:
        clusters: Every cluster that was found.
        listing_error: Why a driver that this user depends on could not list its clusters; None if all could.

    """

    clusters: tuple[Cluster, ...]
    listing_error: HostError | None = None

    def require_all_clusters(self) -> tuple[Cluster, ...]:
        """Return every cluster.

        Raises:
            HostError: A driver that this user depends on could not list its clusters.

        """
        if self.listing_error:
            raise self.listing_error
        return self.clusters

    def find_cluster(self, cluster_id: ClusterId) -> Cluster | None:
        """Return a cluster in any state, or None if it does not exist.

        Raises:
            HostError: It was started on a driver that cannot list its clusters now.

        """
        cluster = next((cluster for cluster in self.clusters if cluster.id == cluster_id), None)
        if cluster is None and self.listing_error and cluster_id in run_records.list_started_clusters():
            raise self.listing_error
        return cluster

    def require_cluster(self, lab: str | None, *, run: str = "main") -> Cluster:
        """Return the cluster of a lab, or the only one.

        Args:
            lab: The lab's name, or None for the only cluster of this run.
            run: Which run.

        Raises:
            UsageError: There is no such lab or cluster, or there are several to choose from.
            HostError: A driver could not list its clusters, which may include this one.

        """
        if lab is None:
            candidates = [cluster for cluster in self.clusters if cluster.id.run == run]
            if self.listing_error and not candidates:
                raise self.listing_error
            return _require_single(candidates)
        cluster = self._find_by_name(lab, run)
        if cluster is None:
            if self.listing_error:
                raise self.listing_error
            if lab not in catalog.list_lab_names():
                raise catalog.create_unknown_lab_error(lab)
            raise UsageError(f"'{lab}' is not started.", f"Run 'labs start {lab}'.")
        return cluster

    def require_removable_cluster(self, name: str) -> Cluster:
        """Return the cluster that `labs status` shows under a name: a lab's own, another command's, or leftovers.

        Raises:
            UsageError: There is none.
            HostError: A driver could not list its clusters, which may include this one.

        """
        cluster = self._find_by_name(name, "main")
        if cluster is None:
            if self.listing_error:
                raise self.listing_error
            known_names = {*catalog.list_lab_names(), *(str(cluster.id) for cluster in self.clusters)}
            if name not in known_names:
                raise create_unknown_name_error("lab", name, sorted(known_names), "labs list", "labs status")
            raise UsageError(
                f"'{name}' is not started, so there is nothing to remove.", "'labs status' lists clusters."
            )
        return cluster

    def require_running_cluster(self, lab: str | None, *, run: str = "main") -> Cluster:
        """Return the same cluster as `require_cluster`, if at least one of its nodes is running.

        Raises:
            UsageError: There is no such cluster.
            HostError: None of its nodes is running, or its start was interrupted.

        """
        cluster = self.require_cluster(lab, run=run)
        if not cluster.is_complete:
            raise HostError(
                f"'{cluster.id}' is incomplete: its start was interrupted, or an earlier version of labs started it.",
                f"'labs start {cluster.id.lab}' starts it again.",
            )
        if not any(node.state is NodeState.RUNNING for node in cluster.nodes):
            raise HostError(f"The nodes of '{cluster.id}' are stopped.", f"Run 'labs start {cluster.id.lab}'.")
        return cluster

    def require_running_node(self, name: str, lab: str | None, *, run: str = "main") -> Node:
        """Return a running node.

        Args:
            name: The node's name.
            lab: The name of the lab whose cluster it belongs to, or None for the only cluster of this run.
            run: Which run.

        Raises:
            UsageError: There is no such node or cluster.
            HostError: The node is not running, or a driver could not list its clusters.

        """
        cluster = self.require_running_cluster(lab, run=run)
        names = [node.name for node in cluster.nodes]
        if name not in names:
            raise create_unknown_name_error("node", name, names, "labs status")
        node = cluster.nodes[names.index(name)]
        if node.state is not NodeState.RUNNING:
            raise HostError(f"{name} is down.", f"Run 'labs start {cluster.id.lab}' to bring it up again.")
        return node

    def _find_by_name(self, lab: str, run: str) -> Cluster | None:
        # `labs status` shows clusters of other commands under this name, as in 'swarm-basics.verify'.
        name = str(ClusterId(lab, run))
        return next((cluster for cluster in self.clusters if str(cluster.id) == name), None)


def survey_clusters() -> ClusterSurvey:
    """Return the clusters of every driver that can list them."""
    clusters: list[Cluster] = []
    listing_errors: list[HostError] = []
    for driver in selection.load_drivers_with_clusters():
        try:
            clusters += driver.list_clusters()
        except HostError as error:
            listing_errors.append(error)
    # Clusters can exist without usable images: after an update of labs, a driver's images may be out of date.
    unaccounted = run_records.list_started_clusters() - {cluster.id for cluster in clusters}
    if listing_errors and (unaccounted or not (clusters or _has_images())):
        return ClusterSurvey(tuple(clusters), listing_errors[0])
    return ClusterSurvey(tuple(clusters))


def _has_images() -> bool:
    """Return whether any driver has images; if so, its user does not need to see another driver's error."""
    return any(driver.list_images() for driver in selection.load_reachable_drivers())


def check_is_main_cluster(cluster: Cluster) -> None:
    """Check that a cluster is the learner's own, because progress is recorded only for that one.

    Raises:
        UsageError: Another command created the cluster for itself.

    """
    if not cluster.id.is_main:
        raise UsageError(
            f"'{cluster.id}' belongs to another command, or is left over from one.",
            f"'labs rm {cluster.id}' removes it.",
        )


def _require_single(clusters: list[Cluster]) -> Cluster:
    if len(clusters) == 1:
        return clusters[0]
    if not clusters:
        raise UsageError("No lab is started.", "'labs list' shows the labs; 'labs start LAB' starts one.")
    names = ", ".join(str(cluster.id) for cluster in clusters)
    first = clusters[0].id
    advice = f"Name one of them, as in 'labs check {first}' or 'labs shell node1 --lab {first}'."
    raise UsageError(f"More than one lab is started: {names}.", advice)
