"""Asking for a supervisor where there is none, or one that goes."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from runner.drivers.uml.vm import cluster_state, supervisor_client
from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId
from runner.sockets import short_address
from tests import helpers


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder of a cluster that has no supervisor."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    found = cluster_state.cluster_folder(ClusterId("tiny"))
    found.mkdir(parents=True)
    return found


@pytest.mark.parametrize("remains", [False, True])
def test_none(folder: Path, remains: bool) -> None:
    """Where none listens, though its socket may still lie there, whoever asks learns that the machines are down."""
    if remains:
        with socket.socket(socket.AF_UNIX) as ended, short_address(cluster_state.socket_path(folder)) as address:
            ended.bind(address)
    assert not supervisor_client.is_running(folder)
    with pytest.raises(HostError, match="The machines of 'tiny' are down"):
        supervisor_client.send_request(folder, ask="states")
    with pytest.raises(HostError, match="The machines of 'tiny' are down"):
        supervisor_client.connect_vm_port(folder, "node1", 80)
    with pytest.raises(OSError, match=r"No such file|refused"):
        supervisor_client.open_exit_descriptor(folder)


def test_end(folder: Path) -> None:
    """Ending one that has ended already only takes its socket away."""
    with socket.socket(socket.AF_UNIX) as ended, short_address(cluster_state.socket_path(folder)) as address:
        ended.bind(address)
    supervisor_client.stop_supervisor(folder)
    assert not cluster_state.socket_path(folder).exists()
    supervisor_client.stop_supervisor(folder)


def test_gone(folder: Path) -> None:
    """One that goes before it has answered counts as gone, and a refusal of its own says what it said."""
    with socket.socket(socket.AF_UNIX) as listener, short_address(cluster_state.socket_path(folder)) as address:
        listener.bind(address)
        listener.listen()
        threading.Thread(target=_answer, args=(listener, b"", b"", b'{"error": "no route"}\n'), daemon=True).start()
        with pytest.raises(HostError, match="are down"):
            supervisor_client.send_request(folder, ask="states")
        with pytest.raises(ConnectionError, match="the supervisor has ended"):
            supervisor_client.connect_vm_port(folder, "node1", 80)
        with pytest.raises(ConnectionError, match="no route"):
            supervisor_client.connect_vm_port(folder, "node1", 80)


def _answer(listener: socket.socket, *answers: bytes) -> None:
    for answer in answers:
        peer, _ = listener.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(answer)
