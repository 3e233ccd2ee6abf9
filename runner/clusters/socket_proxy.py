"""Serves a node's engine on a Unix socket of this machine, for as long as the node is up.

Run as `python -m runner.clusters.socket_proxy LAB RUN NODE SOCKET`, which `labs env` does. It ends with the stream to its
node; a stream learns late of a node that is gone without a word, so whoever takes a node away ends it too (`close`).
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
_CHUNK = 1 << 16
# By unix(7) and by that of BSD: the field of an address, less the zero that ends it.
_LONGEST_ADDRESS = 107 if sys.platform == "linux" else 103


def ensure(cluster: ClusterId, node: Node) -> Path:
    """Return the socket that leads to a node's engine, served by a process of its own that ends with the node.

    Raises:
        HostError: The process did not come up, or no socket can be where it would be.

    """
    path = _folder(cluster) / f"{node.name}.sock"
    if len(os.fsencode(path)) > _LONGEST_ADDRESS:
        raise HostError(
            f"The address of a socket has no more than {_LONGEST_ADDRESS} bytes, and {path} has more.",
            f'Lend it a shorter folder: eval "$(XDG_RUNTIME_DIR=$(mktemp -d) labs env {node.name})"',
        )
    if _answers(path):
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = [sys.executable, "-P", "-m", "runner.clusters.socket_proxy", cluster.lab, cluster.run, node.name, str(path)]
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=paths.environment(),
    )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(path):
            return path
        time.sleep(0.05)
    process.terminate()
    raise HostError(f"The way to the engine of {node.name} could not be opened.", "'labs status' shows its state.")


def close(cluster: ClusterId) -> None:
    """End what serves a cluster's nodes here."""
    folder = _folder(cluster)
    for path in folder.glob("*.sock"):
        if process := _server(path):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGTERM)
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _folder(cluster: ClusterId) -> Path:
    return paths.sockets_folder() / str(cluster)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(path))
        return True
    return False


def _server(path: Path) -> int | None:
    """Return the number of the process that listens on a socket, where the system tells it."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError, AttributeError):
        probe.connect(str(path))
        return sockets.peer_pid(probe)
    return None


def serve(node: Node, path: Path) -> None:
    """Accept connections and carry them to the node's engine until the node goes down."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        # An idle stream to the engine ends with the node, and then so does this process; nothing need be polled.
        threading.Thread(target=_end_with, args=(node.connect_engine(), path), daemon=True).start()
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=_carry, args=(accepted, node), daemon=True).start()


def _end_with(watched: socket.socket, path: Path) -> None:
    with contextlib.suppress(OSError):
        watched.recv(1)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
    os._exit(0)


def _carry(accepted: socket.socket, node: Node) -> None:
    with contextlib.suppress(Exception), accepted, node.connect_engine() as engine:
        back = threading.Thread(target=_copy, args=(engine, accepted), daemon=True)
        back.start()
        _copy(accepted, engine)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        # The other direction goes on: `docker run` closes its input long before its output ends.
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    _lab, _run, _node, _socket = sys.argv[1:]
    serve(lookup.survey_clusters().require_running_node(_node, _lab, run=_run), Path(_socket))
