"""Read the networks that services are attached to, and find those that two services share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.swarm import Service, SwarmSnapshot


def list_swarm_networks(swarm: SwarmSnapshot) -> Mapping[str, Mapping[str, Any]]:
    """Return the networks with swarm scope by their ids, as the Docker API returns them."""
    networks = swarm.query_once("networks", lambda: swarm.manager.api.api.networks(filters={"scope": "swarm"}))
    return {network["Id"]: network for network in networks}


def list_service_networks(swarm: SwarmSnapshot, service: Service) -> frozenset[str]:
    """Return the names of the networks that a service declares; `ingress` for published ports is not one of them."""
    networks = list_swarm_networks(swarm)
    # A service refers to a network by name or by id, depending on the client that created it.
    attachments = service.task_template.get("Networks") or service.spec.get("Networks") or ()
    targets = [attachment["Target"] for attachment in attachments]
    return frozenset(networks.get(target, {}).get("Name", target) for target in targets)


def find_shared_networks(swarm: SwarmSnapshot, service: Service, other: Service) -> frozenset[str]:
    """Return the names of the networks that two services share."""
    return list_service_networks(swarm, service) & list_service_networks(swarm, other)
