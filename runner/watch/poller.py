"""Looks at the cluster: which nodes there are, and what their engines say runs on them."""

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
from runner.watch.cluster_snapshot import Entry, Picture, Told
from runner.watch.event_streams import Engines
from runner.watch.model import Trouble

_REFUSALS = (*docker_transport.REFUSALS, LabsError)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes:
        cluster: The cluster, if there is one.
        picture: The nodes and what runs on them.
        trouble: Why it could not be looked for.

    """

    cluster: Cluster | None = None
    picture: Picture = field(default_factory=Picture)
    trouble: Trouble | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is expected to change unless an engine tells."""
        whole = self.cluster is not None and self.cluster.complete and self.cluster.running
        return whole and not self.trouble and self.picture.settled


def look(cluster: ClusterId, engines: Engines) -> Look:
    """Look at a cluster, and follow the engines of its nodes from now on."""
    try:
        clusters, refusal = lookup.survey()
    except LabsError as error:
        return Look(trouble=Trouble(error.message, error.advice))
    found = next((one for one in clusters if one.id == cluster), None)
    if found is None and refusal:
        return Look(trouble=Trouble(refusal.message, refusal.advice))
    if found is None or not found.complete:
        engines.follow(())
        return Look(found)
    clients = engines.follow(found.nodes)
    return Look(found, cluster_snapshot.of(found.nodes, _told(clients)))


def _told(clients: Mapping[str, Any]) -> Told:
    if not clients:
        return Told()
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = dict(zip(clients, pool.map(_containers, clients.values()), strict=True))
    containers = {name: answer for name, answer in answers.items() if answer is not None}
    for name in containers:
        try:
            api = clients[name].api
            tasks = api.tasks(filters={"desired-state": "running"})
            return Told(api.nodes(), api.services(status=True), tasks, containers)
        except _REFUSALS:
            # It manages no swarm; perhaps another does.
            continue
    return Told(containers=containers)


def _containers(client: Any) -> list[Entry] | None:
    try:
        found: list[Entry] = client.api.containers(all=True)
    except _REFUSALS:
        return None
    return found
