"""Which networks services are on, and where they meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.swarm import Glance, Service


def networks(now: Glance) -> Mapping[str, Mapping[str, Any]]:
    """Return the networks that span the swarm, by their ids, as the Docker API has them."""
    found = now.once("networks", lambda: now.manager.api.api.networks(filters={"scope": "swarm"}))
    return {one["Id"]: one for one in found}


def networks_of(now: Glance, service: Service) -> frozenset[str]:
    """Return the names of the networks that a service's tasks are on, without the one that published ports come by."""
    known = networks(now)
    # Who asked for it says whether it is by name or by id.
    wanted = service.template.get("Networks") or service.spec.get("Networks") or ()
    return frozenset(known.get(one["Target"], {}).get("Name", one["Target"]) for one in wanted)


def meeting(now: Glance, one: Service, other: Service) -> frozenset[str]:
    """Return the names of the networks that two services share."""
    return networks_of(now, one) & networks_of(now, other)
