"""The supervisor's client, where there is no supervisor or it exits."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from runner.drivers.uml.vm import cluster_state, supervisor_client
from runner.errors import HostError
from runner.nodes.driver_interface import ClusterId
from runner.sockets import shorten_address
from tests.support import helpers


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder of a cluster that has no supervisor."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    cluster_folder = cluster_state.cluster_folder(ClusterId("tiny"))
    cluster_folder.mkdir(parents=True)
    return cluster_folder


@pytest.mark.parametrize("has_socket", [False, True])
def test_no_supervisor(folder: Path, has_socket: bool) -> None:
    """Without a supervisor every request says that the VMs are down, even if its socket still exists."""
    if has_socket:
        with (
            socket.socket(socket.AF_UNIX) as closed,
            shorten_address(cluster_state.supervisor_socket_path(folder)) as address,
        ):
            closed.bind(address)
    assert not supervisor_client.is_supervisor_running(folder)
    with pytest.raises(HostError, match="The VMs of 'tiny' are down"):
        supervisor_client.send_request(folder, request="list_states")
    with pytest.raises(HostError, match="The VMs of 'tiny' are down"):
        supervisor_client.connect_vm_port(folder, "node1", 80)
    with pytest.raises(OSError, match=r"No such file|refused"):
        supervisor_client.open_supervisor_pidfd(folder)


def test_stop_supervisor_that_has_exited(folder: Path) -> None:
    """Stopping a supervisor that has exited only removes its socket."""
    with (
        socket.socket(socket.AF_UNIX) as closed,
        shorten_address(cluster_state.supervisor_socket_path(folder)) as address,
    ):
        closed.bind(address)
    supervisor_client.kill_supervisor(folder)
    assert not cluster_state.supervisor_socket_path(folder).exists()
    supervisor_client.kill_supervisor(folder)


def test_supervisor_exits_before_it_answers(folder: Path) -> None:
    """A supervisor that exits before it answers counts as gone, and its refusal is passed on."""
    with (
        socket.socket(socket.AF_UNIX) as listener,
        shorten_address(cluster_state.supervisor_socket_path(folder)) as address,
    ):
        listener.bind(address)
        listener.listen()
        answers = (b"", b"", b'{"error": "no route"}\n')
        threading.Thread(target=_send_answers, args=(listener, *answers), daemon=True).start()
        with pytest.raises(HostError, match="are down"):
            supervisor_client.send_request(folder, request="list_states")
        with pytest.raises(ConnectionError, match="the supervisor has exited"):
            supervisor_client.connect_vm_port(folder, "node1", 80)
        with pytest.raises(ConnectionError, match="no route"):
            supervisor_client.connect_vm_port(folder, "node1", 80)


def _send_answers(listener: socket.socket, *answers: bytes) -> None:
    for answer in answers:
        peer, _ = listener.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(answer)
