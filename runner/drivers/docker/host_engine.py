"""Finds the host's engine as the Docker CLI does, and turns its errors into ours."""

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
from docker.context.config import get_current_context_name
from docker.errors import DockerException
from docker.tls import TLSConfig
from urllib3.exceptions import HTTPError

from runner import paths
from runner.drivers.docker import dial_stdio
from runner.errors import HostError, LabsError

# Making a node's container takes long on a slow disk, and a large push or build is silent for a while.
TIMEOUT_SECONDS = 120
_OLDEST = (20, 10)


def connect_engine() -> docker.DockerClient:
    """Return a client of the host's engine: `DOCKER_HOST`, then `DOCKER_CONTEXT`, then the active context.

    Raises:
        HostError: There is no engine, or this user has no right to it.

    """
    where = "the default socket"
    try:
        endpoint = _endpoint()
        where = endpoint["base_url"] or where
        if where.startswith("ssh://"):
            return dial_stdio.connect_client(dial_stdio.build_ssh_command(where), TIMEOUT_SECONDS)
        if endpoint["tls"] and shutil.which("docker"):
            return dial_stdio.connect_client(dial_stdio.build_cli_command(endpoint.get("context")), TIMEOUT_SECONDS)
        endpoint.pop("context", None)
        client = docker.DockerClient(**endpoint, version="auto", timeout=TIMEOUT_SECONDS)
    except (DockerException, requests.RequestException, OSError, ValueError) as error:
        raise _unreachable(where, str(error)) from error
    return client


def _endpoint() -> dict[str, Any]:
    named = os.environ.get("DOCKER_CONTEXT")
    host = os.environ.get("DOCKER_HOST")
    ours = host and (
        host == os.environ.get("LABS_NODE_DOCKER_HOST") or host.startswith(f"unix://{paths.sockets_folder()}/")
    )
    if ours:
        # `labs env` has pointed the learner's docker at a node; the nodes themselves run where it pointed before.
        host = os.environ.get("LABS_OUTER_DOCKER_HOST")
    if host:
        tls = None
        if os.environ.get("DOCKER_TLS_VERIFY"):
            folder = os.environ.get("DOCKER_CERT_PATH", os.path.expanduser("~/.docker"))  # noqa: PTH111
            pair = (os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))  # noqa: PTH118
            tls = TLSConfig(client_cert=pair, ca_cert=os.path.join(folder, "ca.pem"), verify=True)  # noqa: PTH118
        return {"base_url": host, "tls": tls or False}
    name = named or get_current_context_name()
    context = _context(name)
    return {"base_url": context.Host or None, "tls": context.TLSConfig or False, "context": name}


def _context(name: str) -> Any:
    advice = "'docker context ls' lists them; 'docker context use default' goes back to the default one."
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:  # The SDK raises nothing narrower for a file that it cannot read.
        raise HostError(f"The Docker context '{name}' cannot be read: {error}", advice) from error
    if context is None:
        raise HostError(f"There is no Docker context '{name}'.", advice)
    return context


def _unreachable(where: str, reason: str) -> HostError:
    if "Permission denied" in reason:
        return HostError(
            f"This user has no right to the Docker Engine at {where}.",
            "Type 'sudo usermod -aG docker $USER', log in again, then 'labs doctor'.",
        )
    if "FileNotFoundError" in reason or "Connection refused" in reason or "ConnectionRefused" in reason:
        return HostError(
            f"No Docker Engine answers at {where}.",
            "Start it ('sudo systemctl start docker', or Docker Desktop) or install it "
            "('sudo apt-get install docker.io'), then 'labs doctor'.",
        )
    return HostError(f"The Docker Engine at {where} cannot be used: {reason}", "'labs doctor' shows what was tried.")


def find_shortcoming(info: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why no node can stand on an engine, and what to do about it; None where nodes can.

    Args:
        info: What the engine's `/info` said.

    """
    numbers = tuple(int(part) for part in info["ServerVersion"].split("+")[0].split(".")[:2] if part.isdigit())
    # A build of one's own may have a name for a version.
    if numbers and numbers < _OLDEST:
        return "too old", "Install Docker Engine 20.10 or later."
    options = " ".join(info.get("SecurityOptions") or [])
    if "name=rootless" in options or "name=userns" in options:
        advice = "Nodes need an engine that runs as root; choose one with DOCKER_HOST or 'docker context use'."
        return "without root's rights", advice
    if info.get("OSType") != "linux":
        return "without Linux containers", "Switch Docker Desktop to Linux containers."
    return None


@contextmanager
def explain_errors(doing: str) -> Iterator[None]:
    """Turn an engine's error into an `HostError` that says what was being done.

    Args:
        doing: What the block does, as in 'making node1'.

    """
    try:
        yield
    except LabsError:
        raise
    except (DockerException, requests.RequestException, HTTPError, HTTPException, OSError) as error:
        raise create_error(doing, str(getattr(error, "explanation", None) or error)) from error


def create_error(doing: str, reason: str, log: str = "") -> HostError:
    """Make the error for something the engine could not do."""
    if "no space left on device" in f"{reason}\n{log}".lower():
        return HostError(
            f"The engine's disk is full ({doing}: {reason}).",
            "Make room ('docker system df' shows what uses it, 'labs images prune' removes what labs no longer needs).",
            log,
        )
    return HostError(f"The engine failed at {doing}: {reason}", "'labs doctor' looks for the cause.", log)
