"""Poll a cluster: look up its nodes, and ask their engines what runs on them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from runner.clusters import lookup
from runner.errors import LabsError
from runner.nodes import docker_transport
from runner.nodes.driver_interface import Cluster, ClusterId
from runner.watch import cluster_snapshot
from runner.watch.cluster_snapshot import ApiObject, ApiResponses, ClusterSnapshot
from runner.watch.event_streams import EngineEventStreams
from runner.watch.model import ErrorNotice

_API_ERRORS = (*docker_transport.CONNECTION_ERRORS, LabsError)


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one poll.

    Attributes:
        cluster: The cluster, if it exists.
        snapshot: The nodes and what runs on them.
        error: Why the cluster could not be looked up.

    """

    cluster: Cluster | None = None
    snapshot: ClusterSnapshot = field(default_factory=ClusterSnapshot)
    error: ErrorNotice | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing changes until an engine reports an event."""
        is_running = self.cluster is not None and self.cluster.is_complete and self.cluster.is_fully_running
        return is_running and not self.error and self.snapshot.is_settled


def poll_cluster(cluster_id: ClusterId, event_streams: EngineEventStreams) -> PollResult:
    """Look up a cluster, follow the events of its nodes, and return what runs on them."""
    try:
        survey = lookup.survey_clusters()
    except LabsError as error:
        return PollResult(error=ErrorNotice(error.message, error.advice))
    cluster = next((cluster for cluster in survey.clusters if cluster.id == cluster_id), None)
    if cluster is None and survey.listing_error:
        return PollResult(error=ErrorNotice(survey.listing_error.message, survey.listing_error.advice))
    if cluster is None or not cluster.is_complete:
        event_streams.set_followed_nodes(())
        return PollResult(cluster)
    clients = event_streams.set_followed_nodes(cluster.nodes)
    return PollResult(cluster, cluster_snapshot.build_cluster_snapshot(cluster.nodes, _query_engines(clients)))


def _query_engines(clients: Mapping[str, Any]) -> ApiResponses:
    if not clients:
        return ApiResponses()
    with ThreadPoolExecutor(len(clients)) as pool:
        responses = dict(zip(clients, pool.map(_list_containers, clients.values()), strict=True))
    containers = {name: response for name, response in responses.items() if response is not None}
    for name in containers:
        try:
            api = clients[name].api
            tasks = api.tasks(filters={"desired-state": "running"})
            return ApiResponses(api.nodes(), api.services(status=True), tasks, containers)
        except _API_ERRORS:
            # This node is not a manager; try the next one.
            continue
    return ApiResponses(containers=containers)


def _list_containers(client: Any) -> list[ApiObject] | None:
    try:
        containers: list[ApiObject] = client.api.containers(all=True)
    except _API_ERRORS:
        return None
    return containers
