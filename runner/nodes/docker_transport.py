"""A client of the Docker SDK whose connections are streams that a node opens, instead of TCP or Unix sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import docker
import requests
from docker.errors import DockerException
from docker.transport.basehttpadapter import BaseHTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from runner.nodes import docker_client

# The nodes' engines are ours (26.1 and later), and asking each one for its version would cost a round trip.
API_VERSION = "1.44"
# The host name is never resolved: every connection is a stream to the node's own engine.
_BASE_URL = "http://node.invalid:2375"

# Root on a node can replace its engine with a program whose response never ends. Parsing a response takes thirty times
# its size in memory.
_MAX_RESPONSE_MEGABYTES = 16
_CHUNK_BYTES = 1 << 16
_MAX_CONNECTIONS = 4

StreamOpener = Callable[[], socket.socket]
# The exceptions of a request whose engine cannot be reached or returns an error.
CONNECTION_ERRORS = (DockerException, HTTPError, OSError)


class _StreamConnection(HTTPConnection):
    def __init__(self, open_stream: StreamOpener) -> None:
        super().__init__("node.invalid")
        self._open_stream = open_stream

    def connect(self) -> None:
        self.sock = self._open_stream()


class _StreamConnectionPool(HTTPConnectionPool):
    def __init__(self, open_stream: StreamOpener) -> None:
        super().__init__("node.invalid", maxsize=_MAX_CONNECTIONS)
        self._open_stream = open_stream

    def _new_conn(self) -> Any:
        return _StreamConnection(self._open_stream)


class _StreamAdapter(BaseHTTPAdapter):
    def __init__(self, open_stream: StreamOpener) -> None:
        super().__init__()
        self._pool = _StreamConnectionPool(open_stream)

    def get_connection_with_tls_context(self, *_args: Any, **_options: Any) -> Any:
        return self._pool

    def request_url(self, request: Any, _proxies: Any) -> str:
        return str(request.path_url)

    def send(self, request: Any, stream: bool = False, *rest: Any, **options: Any) -> Any:
        response = super().send(request, stream, *rest, **options)
        if not stream:
            _read_limited(response)
        return response

    def close(self) -> None:
        self._pool.close()


def _read_limited(response: requests.Response) -> None:
    """Read the complete response, as the session would do next, but with a limit."""
    content = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        content += chunk
        if len(content) > _MAX_RESPONSE_MEGABYTES << 20:
            response.close()
            raise requests.ConnectionError(
                f"The response of the node's engine is larger than {_MAX_RESPONSE_MEGABYTES} MB."
            )
    response._content = bytes(content)


def create_client_over_streams(
    open_stream: StreamOpener, timeout: float = 60, version: str = API_VERSION
) -> docker.DockerClient:
    """Return a Docker client whose connections come from `open_stream`; it connects with the first request.

    Args:
        open_stream: Opens a stream to the engine.
        timeout: How many seconds to wait for a response.
        version: The version of the Docker API.

    """
    client = docker_client.IsolatedDockerClient(base_url=_BASE_URL, version=version, timeout=int(timeout))
    # A proxy from the environment cannot reach a node's engine.
    client.api.trust_env = False
    client.api.mount("http://", _StreamAdapter(open_stream))
    # No real engine redirects; a manipulated one could redirect us to a service in the host's own network.
    client.api.max_redirects = 0
    return client
