"""A Docker API client over streams that a node opens for it."""

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

# The nodes' engines are ours (26.1 and later), and asking each one for its version would cost a round trip.
API_VERSION = "1.44"
# The host is never looked up; every connection is a stream to the node's own engine.
_NOWHERE = "http://node.invalid:2375"

# A node is its root's to rule, who may let it answer without end; what is read of it takes thirty times as much memory.
_ANSWER_MEGABYTES = 16
_CHUNK = 1 << 16

StreamOpener = Callable[[], socket.socket]
# What a question ends with if the engine cannot be reached, or does not want to answer.
CONNECTION_ERRORS = (DockerException, HTTPError, OSError)


class _Connection(HTTPConnection):
    def __init__(self, dial: StreamOpener) -> None:
        super().__init__("node.invalid")
        self._dial = dial

    def connect(self) -> None:
        self.sock = self._dial()


class _Pool(HTTPConnectionPool):
    def __init__(self, dial: StreamOpener) -> None:
        super().__init__("node.invalid", maxsize=4)
        self._dial = dial

    def _new_conn(self) -> Any:
        return _Connection(self._dial)


class _Adapter(BaseHTTPAdapter):
    def __init__(self, dial: StreamOpener) -> None:
        super().__init__()
        self._pool = _Pool(dial)

    def get_connection_with_tls_context(self, *_args: Any, **_options: Any) -> Any:
        return self._pool

    def request_url(self, request: Any, _proxies: Any) -> str:
        return str(request.path_url)

    def send(self, request: Any, stream: bool = False, *rest: Any, **options: Any) -> Any:
        response = super().send(request, stream, *rest, **options)
        if not stream:
            _read(response)
        return response

    def close(self) -> None:
        self._pool.close()


def _read(response: requests.Response) -> None:
    """Read the whole answer, as the session would next."""
    content = bytearray()
    for piece in response.iter_content(_CHUNK):
        content += piece
        if len(content) > _ANSWER_MEGABYTES << 20:
            response.close()
            raise requests.ConnectionError(f"The node's engine answered with more than {_ANSWER_MEGABYTES} MB.")
    response._content = bytes(content)


def connect_client(open_stream: StreamOpener, timeout: float = 60, version: str = API_VERSION) -> docker.DockerClient:
    """Return a client whose every connection comes from `dial`.

    Args:
        dial: Opens a stream to the engine.
        timeout: How many seconds an answer may take.
        version: The version of the API to speak.

    """
    made = docker.DockerClient(base_url=_NOWHERE, version=version, timeout=int(timeout))
    # A proxy from the environment knows nothing of the inside of a node.
    made.api.trust_env = False
    made.api.mount("http://", _Adapter(open_stream))
    # No engine sends anybody elsewhere, and one that lies would send us to this machine's own network.
    made.api.max_redirects = 0
    return made
