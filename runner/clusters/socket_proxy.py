"""Unix sockets on this host that lead to the nodes' engines, for `labs env`.

A proxy process serves one node. `labs env` starts it with `python -m runner.clusters.socket_proxy LAB RUN NODE SOCKET`.
It ends when its connection to the node ends. This may happen long after the node has stopped, so commands that stop or
remove a node also call `stop_proxies`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from runner import paths, sockets
from runner.clusters import lookup
from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId, Node

_START_SECONDS = 10
_POLL_SECONDS = 0.05
_CHUNK_BYTES = 1 << 16


def ensure_proxy_socket(cluster: ClusterId, node: Node) -> Path:
    """Return the socket that leads to a node's engine; start the proxy process if it does not run yet.

    Raises:
        HostError: The process did not start, or the socket's path is too long.

    """
    path = _proxies_folder(cluster) / f"{node.name}.sock"
    if sockets.is_address_too_long(path):
        raise HostError(
            f"The socket path {path} is too long: the limit is {sockets.MAX_ADDRESS_BYTES} bytes.",
            f'Use a shorter folder: eval "$(XDG_RUNTIME_DIR=$(mktemp -d) labs env {node.name})"',
        )
    if _accepts_connections(path):
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = [sys.executable, "-P", "-m", "runner.clusters.socket_proxy", cluster.lab, cluster.run, node.name, str(path)]
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=paths.subprocess_environment(),
    )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _accepts_connections(path):
            return path
        time.sleep(_POLL_SECONDS)
    process.terminate()
    raise HostError(f"Could not start a proxy to the engine of {node.name}.", "'labs status' shows the node's state.")


def stop_proxies(cluster: ClusterId) -> None:
    """Stop the proxy processes of a cluster's nodes and remove their sockets."""
    folder = _proxies_folder(cluster)
    for path in folder.glob("*.sock"):
        if process := _listening_process(path):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGTERM)
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _proxies_folder(cluster: ClusterId) -> Path:
    return paths.sockets_folder() / str(cluster)


def _accepts_connections(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(path))
        return True
    return False


def _listening_process(path: Path) -> int | None:
    """Return the id of the process that listens on a socket, if the operating system provides it."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(path))
        return sockets.get_peer_pid(probe)
    return None


def serve_engine(node: Node, path: Path) -> None:
    """Accept connections and forward them to the node's engine; end the process when the node goes down."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        # An idle connection to the engine ends with the node, so the node's state need not be polled.
        threading.Thread(target=_exit_with_node, args=(node.connect_engine_socket(), path), daemon=True).start()
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_forward, args=(client, node), daemon=True).start()


def _exit_with_node(idle_connection: socket.socket, path: Path) -> None:
    with contextlib.suppress(OSError):
        idle_connection.recv(1)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
    os._exit(0)


def _forward(client: socket.socket, node: Node) -> None:
    with contextlib.suppress(Exception), client, node.connect_engine_socket() as engine:
        responses = threading.Thread(target=_copy_stream, args=(engine, client), daemon=True)
        responses.start()
        _copy_stream(client, engine)
        responses.join()


def _copy_stream(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK_BYTES):
            target.sendall(data)
    with contextlib.suppress(OSError):
        # The other direction stays open: `docker run` closes its input long before its output ends.
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    _lab, _run, _node, _socket = sys.argv[1:]
    serve_engine(lookup.survey_clusters().require_running_node(_node, _lab, run=_run), Path(_socket))
