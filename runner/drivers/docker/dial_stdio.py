"""Connects to an engine on another host as the Docker CLI does: by a subprocess with `docker system dial-stdio`.

For ssh, the SDK itself would need paramiko, which does not read the user's ssh configuration. With TLS, a stream cannot
be closed in one direction only, and two threads must not share it; the subprocess's pipe has neither problem.
"""

from __future__ import annotations

import atexit
import signal
import socket
import subprocess
from collections.abc import Sequence
from urllib.parse import urlsplit

import docker

from runner.nodes import docker_transport

# Every supported engine answers a request for its version in this version of the API.
_OLDEST_API = "1.41"
_DIAL = ("docker", "system", "dial-stdio")


def connect_client(argv: Sequence[str], timeout: float) -> docker.DockerClient:
    """Return a client whose streams are the standard input and output of a command.

    Args:
        argv: The command.
        timeout: How many seconds a response may take.

    Raises:
        requests.ConnectionError: The command could not connect, and has printed the reason on standard error.

    """

    def open_stream() -> socket.socket:
        client_end, subprocess_end = socket.socketpair()
        with subprocess_end:
            # Ctrl-C ends this process only: its cleanup still needs the subprocess.
            child = subprocess.Popen(
                argv,
                stdin=subprocess_end.fileno(),
                stdout=subprocess_end.fileno(),
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )
        # A stream that the engine keeps open would keep the subprocess alive as long as its container runs, and the
        # Docker CLI ignores gentler signals.
        atexit.register(child.kill)
        return client_end

    first = docker_transport.create_client_over_streams(open_stream, timeout, _OLDEST_API)
    version = str(first.version(api_version=False)["ApiVersion"])
    first.close()
    return docker_transport.create_client_over_streams(open_stream, timeout, version)


def build_ssh_command(url: str) -> list[str]:
    """Return the command for an address such as `ssh://me@server:2222`."""
    parts = urlsplit(url)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    return ["ssh", "-o", "ConnectTimeout=30", "-T", *user, *port, "--", parts.hostname or "", *_DIAL]


def build_cli_command(context: str | None) -> list[str]:
    """Return the command for a Docker context, or for the endpoint in the environment variables."""
    return [_DIAL[0], *(["--context", context] if context else []), *_DIAL[1:]]
