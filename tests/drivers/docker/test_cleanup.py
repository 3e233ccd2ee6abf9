"""What goes with a cluster, and in which order, on an engine that notes it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import requests
from docker.errors import APIError

from runner.drivers.docker import cleanup, labels
from runner.nodes.driver_interface import ClusterId


class Engine:
    """An engine with one node called `in-complete`, whose volume it keeps for as long as the node is there."""

    def __init__(self) -> None:
        self.api = self
        self.gone: list[str] = []

    def volumes(self, **_options: Any) -> dict[str, Any]:
        """List the node's, and the mark of a complete start."""
        return {
            "Volumes": [
                {"Name": "labs-tiny-in-complete", "Labels": labels.build_labels(ClusterId("tiny"))},
                {"Name": "labs-tiny-complete", "Labels": labels.build_labels(ClusterId("tiny"), complete="yes")},
            ]
        }

    def containers(self, **_options: Any) -> list[dict[str, str]]:
        """List the node."""
        return [{"Id": "node"}]

    def networks(self, **_options: Any) -> list[dict[str, str]]:
        """List none."""
        return []

    def remove_volume(self, name: str, **_options: Any) -> None:
        """Refuse what the node uses."""
        if name == "labs-tiny-in-complete" and "node" not in self.gone:
            response = requests.Response()
            response.status_code = HTTPStatus.CONFLICT
            raise APIError("volume is in use", response=response)
        self.gone.append(name)

    def remove_container(self, one: str, **_options: Any) -> None:
        """Note it."""
        self.gone.append(one)


def test_mark_first() -> None:
    """The mark of a complete start goes first, and is known by its label, whatever nodes are called."""
    engine = Engine()
    assert cleanup.remove_cluster_objects(engine, ClusterId("tiny"))
    assert ["labs-tiny-complete", "node"] == engine.gone[:2]
    assert "labs-tiny-in-complete" in engine.gone
