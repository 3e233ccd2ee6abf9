"""The Docker SDK's client, which takes nothing from the user's Docker configuration file.

The SDK adds parts of that file to what it sends: `proxies` to the environment of containers and builds, `HttpHeaders`
to requests, `detachKeys` to terminals, and all stored passwords to builds. They are meant for the user's own
containers. In a node, a proxy that the node cannot reach would get every request, even those to other nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.auth import AuthConfig
from docker.errors import DockerException

from runner import sockets


class _NoCredentials(AuthConfig):
    """If these said that they were empty, the SDK would read the file again before a pull."""

    is_empty = False


class _IsolatedAPIClient(docker.APIClient):
    """Has constants where the SDK stores the file's content."""

    @property
    def _general_configs(self) -> dict[str, Any]:
        # If this were empty, the SDK would read the file again, for credentials.
        return {"auths": {}}

    @_general_configs.setter
    def _general_configs(self, _content: object) -> None:
        pass

    @property
    def _auth_configs(self) -> Mapping[str, Any]:
        return _NoCredentials({})

    @_auth_configs.setter
    def _auth_configs(self, _credentials: object) -> None:
        pass

    def merge_environment_settings(self, url: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Use no proxy of the environment for an engine on this host's loopback interface, as the Docker CLI does."""
        settings: dict[str, Any] = super().merge_environment_settings(url, *arguments, **options)
        if sockets.is_loopback_host(urlsplit(url).hostname or ""):
            settings["proxies"] = {}
        return settings


class IsolatedDockerClient(docker.DockerClient):
    """A Docker client whose requests do not depend on the user's Docker configuration file.

    Args:
        options: Arguments for the SDK's `APIClient`.

    """

    def __init__(self, **options: Any) -> None:
        # Not the inherited constructor, which would create another APIClient.
        try:
            self.api = _IsolatedAPIClient(**options)
        except RecursionError as error:
            # The SDK reads the file before this client can discard its content.
            raise DockerException("the Docker configuration file is nested too deeply") from error
