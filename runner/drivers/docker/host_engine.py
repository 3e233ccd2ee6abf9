"""Connects to the host engine as the Docker CLI does, and turns its errors into errors of labs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

import docker
import requests
from docker.context import ContextAPI
from docker.context.config import get_meta_file
from docker.errors import DockerException
from docker.tls import TLSConfig
from urllib3.exceptions import HTTPError

from runner import paths
from runner.drivers.docker import client_config, dial_stdio
from runner.errors import HostError, LabsError
from runner.nodes import docker_client

# Creating a node's container takes long on a slow disk, and a large push or build is silent for a while.
TIMEOUT_SECONDS = 120
_OLDEST_VERSION = (20, 10)


def connect_host_engine() -> docker.DockerClient:
    """Return a client of the host engine: `DOCKER_HOST`, then `DOCKER_CONTEXT`, then the active context.

    Raises:
        HostError: No engine answers, or this user has no permission to use it.

    """
    address = "the default socket"
    try:
        endpoint = _find_endpoint()
        address = endpoint["base_url"] or address
        if address.startswith("ssh://"):
            return dial_stdio.connect_client(dial_stdio.build_ssh_command(address), TIMEOUT_SECONDS)
        if endpoint["tls"] and shutil.which("docker"):
            return dial_stdio.connect_client(dial_stdio.build_cli_command(endpoint.get("context")), TIMEOUT_SECONDS)
        endpoint.pop("context", None)
        client = docker_client.IsolatedDockerClient(**endpoint, version="auto", timeout=TIMEOUT_SECONDS)
    except (DockerException, requests.RequestException, OSError, ValueError) as error:
        raise _create_connection_error(address, str(error)) from error
    return client


def _find_endpoint() -> dict[str, Any]:
    context_name = os.environ.get("DOCKER_CONTEXT")
    host = os.environ.get("DOCKER_HOST")
    is_node = host and (
        host == os.environ.get("LABS_NODE_DOCKER_HOST") or host.startswith(f"unix://{paths.sockets_folder()}/")
    )
    if is_node:
        # `labs env` has set DOCKER_HOST to a node for the learner. The nodes run on the engine that was set before.
        host = os.environ.get("LABS_PREVIOUS_DOCKER_HOST")
    if host:
        tls = None
        if os.environ.get("DOCKER_TLS_VERIFY"):
            folder = os.environ.get("DOCKER_CERT_PATH", os.path.expanduser("~/.docker"))  # noqa: PTH111
            client_cert = (os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))  # noqa: PTH118
            tls = TLSConfig(client_cert=client_cert, ca_cert=os.path.join(folder, "ca.pem"), verify=True)  # noqa: PTH118
        return {"base_url": host, "tls": tls or False}
    return _load_context_endpoint(context_name or client_config.load_client_config().context)


def _load_context_endpoint(name: str) -> dict[str, Any]:
    advice = "List contexts with 'docker context ls'; select the default one with 'docker context use default'."
    try:
        context = ContextAPI.get_context(name)
        host, tls = (context.Host, context.TLSConfig) if context else (None, None)
    except Exception as error:  # The SDK raises no narrower type for a file that it cannot read.
        file = get_meta_file(name)
        raise HostError(
            f"The Docker context '{name}' cannot be used: {file} is not as expected: {error}", advice
        ) from error
    if context is None:
        raise HostError(f"There is no Docker context '{name}'.", advice)
    if not isinstance(host, str | None):
        raise HostError(f"The Docker context '{name}' cannot be used: its host is not a string.", advice)
    return {"base_url": host or None, "tls": tls or False, "context": name}


def _create_connection_error(address: str, reason: str) -> HostError:
    if "Permission denied" in reason:
        return HostError(
            f"You do not have permission to use the Docker Engine at {address}.",
            "Run 'sudo usermod -aG docker $USER', log in again, then run 'labs doctor'.",
        )
    if "FileNotFoundError" in reason or "Connection refused" in reason or "ConnectionRefused" in reason:
        return HostError(
            f"No Docker Engine answers at {address}.",
            "Start it ('sudo systemctl start docker', or Docker Desktop) or install it "
            "('sudo apt-get install docker.io'), then run 'labs doctor'.",
        )
    return HostError(f"The Docker Engine at {address} cannot be used: {reason}", "Run 'labs doctor' for details.")


def find_incompatibility(info: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why an engine cannot run nodes, and how to fix it; None if it can.

    Args:
        info: The engine's response to `/info`.

    """
    version = tuple(int(part) for part in info["ServerVersion"].split("+")[0].split(".")[:2] if part.isdigit())
    # A custom build may have a name instead of a version.
    if version and version < _OLDEST_VERSION:
        return "too old", "Install Docker Engine 20.10 or later."
    options = " ".join(info.get("SecurityOptions") or [])
    if "name=rootless" in options or "name=userns" in options:
        advice = "Nodes need an engine that runs as root; select one with DOCKER_HOST or 'docker context use'."
        return "without root privileges", advice
    if info.get("OSType") != "linux":
        return "not set to Linux containers", "Switch Docker Desktop to Linux containers."
    return None


@contextmanager
def translate_engine_errors(purpose: str) -> Iterator[None]:
    """Turn an error of the engine into a `HostError` that says what failed.

    Args:
        purpose: What the block does, as in 'creating node1'.

    Raises:
        HostError: The block raised an error of the engine or of the connection to it.

    """
    try:
        yield
    except LabsError:
        raise
    except (DockerException, requests.RequestException, HTTPError, HTTPException, OSError) as error:
        raise create_engine_error(purpose, str(getattr(error, "explanation", None) or error)) from error


def create_engine_error(purpose: str, reason: str, log: str = "") -> HostError:
    """Return the error for an operation that failed on the engine.

    Args:
        purpose: The operation, as in 'creating node1'.
        reason: The engine's own message.
        log: The output of the operation, if any.

    """
    if "no space left on device" in f"{reason}\n{log}".lower():
        return HostError(
            f"The engine's disk is full ({purpose}: {reason}).",
            "Free disk space: 'docker system df' shows what uses it, 'labs images prune' removes unused images.",
            log,
        )
    return HostError(f"The engine failed while {purpose}: {reason}", "Run 'labs doctor' to look for the cause.", log)
