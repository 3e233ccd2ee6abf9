"""An engine on another machine, reached as the Docker CLI does it: by `docker system dial-stdio` over ssh.

The SDK's own way needs paramiko, which knows neither the user's ssh configuration nor an agent's every key.
"""

from __future__ import annotations

import socket
import subprocess
from urllib.parse import urlsplit

import docker

from runner.clusters import dial

# Every engine that we support answers a question for its version in this one.
_OLDEST_API = "1.41"


def client(url: str, timeout: float) -> docker.DockerClient:
    """Return a client of the engine at an address such as `ssh://me@server:2222`.

    Args:
        url: The address.
        timeout: How many seconds an answer may take.

    Raises:
        requests.ConnectionError: ssh could not connect, and has said why on standard error.

    """

    def connect() -> socket.socket:
        return _stream(url)

    first = dial.client(connect, timeout, _OLDEST_API)
    version = str(first.version(api_version=False)["ApiVersion"])
    first.close()
    return dial.client(connect, timeout, version)


def _stream(url: str) -> socket.socket:
    ours, theirs = socket.socketpair()
    with theirs:
        subprocess.Popen(
            [*command(url), "docker", "system", "dial-stdio"], stdin=theirs.fileno(), stdout=theirs.fileno()
        )
    return ours


def command(url: str) -> list[str]:
    """Return the ssh command for an address, up to the remote command."""
    parts = urlsplit(url)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    return ["ssh", "-o", "ConnectTimeout=30", "-T", *user, *port, "--", parts.hostname or ""]
