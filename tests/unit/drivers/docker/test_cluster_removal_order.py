"""Tests of what is removed with a cluster, and in which order, on a fake engine."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import requests
from docker.errors import APIError

from runner.drivers.docker import cleanup, labels
from runner.nodes.driver_interface import ClusterId


class FakeEngine:
    """An engine with one node, called `in-complete`, whose volume cannot be removed before the node."""

    def __init__(self) -> None:
        self.api = self
        self.removed: list[str] = []

    def volumes(self, **_options: Any) -> dict[str, Any]:
        """List the node's volume, and the mark of a complete start."""
        return {
            "Volumes": [
                {"Name": "labs-tiny-in-complete", "Labels": labels.build_cluster_labels(ClusterId("tiny"))},
                {
                    "Name": "labs-tiny-complete",
                    "Labels": labels.build_cluster_labels(ClusterId("tiny"), complete="yes"),
                },
            ]
        }

    def containers(self, **_options: Any) -> list[dict[str, str]]:
        """List the node."""
        return [{"Id": "node"}]

    def networks(self, **_options: Any) -> list[dict[str, str]]:
        """List no networks."""
        return []

    def remove_volume(self, name: str, **_options: Any) -> None:
        """Refuse to remove the volume that the node uses."""
        if name == "labs-tiny-in-complete" and "node" not in self.removed:
            response = requests.Response()
            response.status_code = HTTPStatus.CONFLICT
            raise APIError("volume is in use", response=response)
        self.removed.append(name)

    def remove_container(self, container: str, **_options: Any) -> None:
        """Record the removal."""
        self.removed.append(container)


def test_mark_first() -> None:
    """The mark of a complete start is removed first; it is found by its label, whatever a node is called."""
    engine = FakeEngine()
    assert cleanup.remove_cluster_objects(engine, ClusterId("tiny"))
    assert ["labs-tiny-complete", "node"] == engine.removed[:2]
    assert "labs-tiny-in-complete" in engine.removed
