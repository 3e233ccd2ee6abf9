"""An engine on another machine, reached as the Docker CLI reaches it: by a child that runs `docker system dial-stdio`.

Over ssh the SDK's own way needs paramiko, which does not know the user's ssh configuration. Over TLS a stream cannot be
closed in one direction only, and two threads may not share it; the child's pipe has neither fault.
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

# Every engine that we support answers a question for its version in this one.
_OLDEST_API = "1.41"
_DIAL = ("docker", "system", "dial-stdio")


def connect_client(argv: Sequence[str], timeout: float) -> docker.DockerClient:
    """Return a client whose streams are the standard input and output of a command.

    Args:
        argv: The command.
        timeout: How many seconds an answer may take.

    Raises:
        requests.ConnectionError: The command could not connect, and has said why on standard error.

    """

    def connect() -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            # Ctrl-C is for us; what we then clear up still goes through this child.
            child = subprocess.Popen(
                argv,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )
        # A stream that the engine keeps open would keep the child for as long as its container runs; and the Docker CLI
        # ends for no gentler signal.
        atexit.register(child.kill)
        return ours

    first = docker_transport.create_docker_client(connect, timeout, _OLDEST_API)
    version = str(first.version(api_version=False)["ApiVersion"])
    first.close()
    return docker_transport.create_docker_client(connect, timeout, version)


def build_ssh_command(url: str) -> list[str]:
    """Return the command for an address such as `ssh://me@server:2222`."""
    parts = urlsplit(url)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    return ["ssh", "-o", "ConnectTimeout=30", "-T", *user, *port, "--", parts.hostname or "", *_DIAL]


def build_cli_command(context: str | None) -> list[str]:
    """Return the command for what the Docker CLI is set up with: a context, or else the environment."""
    return [_DIAL[0], *(["--context", context] if context else []), *_DIAL[1:]]
