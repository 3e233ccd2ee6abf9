"""Lets a machine fill its own disk with the lab images, so that every machine that copies the disk has them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from runner import signals
from runner.drivers.uml.node import UmlNode
from runner.drivers.uml.vm import cluster_state, sandbox, supervisor_client
from runner.drivers.uml.vm.cluster_state import Machine, Plan, State
from runner.errors import HostError
from runner.nodes.driver_interface import NodeState
from runner.nodes.topology import DEFAULT_MEMORY, Role
from runner.status import DetailCallback

_NAME = "disk"
# Pulled, not loaded: only so do images get the digests that the hub will answer with. Each engine gives itself an id.
_PULL = "printf '%s\\n' \"$@\" | xargs -rn1 docker pull --quiet && rm -f /var/lib/docker/engine-id"


def fill(half: Path, names: Sequence[str], tell: DetailCallback) -> None:
    """Boot a machine on the base disk itself, let it pull every image from the hub, and shut it down.

    Args:
        half: The folder of the parts that are being made.
        names: The images, with their tags.
        tell: Told what happens.

    Raises:
        HostError: It did not boot, or an image could not be pulled.

    """
    folder = half / "filling"
    folder.mkdir()
    # Without a base to copy from, a machine works on its own file.
    own = sandbox.own(folder, _NAME)
    (half / "disk.img").rename(own)
    address = str(cluster_state.SUBNET[11])
    Plan("images", "build", half, (Machine(_NAME, Role.MANAGER, address, DEFAULT_MEMORY),)).write(folder)
    try:
        tell("booting a machine")
        supervisor_client.launch(folder)
        _pull(UmlNode(_NAME, Role.MANAGER, address, NodeState.RUNNING, folder), folder, names, tell)
    finally:
        # Its folder goes in any case, and then nobody could find it any more.
        with signals.uninterrupted():
            supervisor_client.end(folder)
    own.rename(half / "disk.img")
    if os.geteuid() == 0:
        os.chown(half / "disk.img", 0, 0)
    shutil.rmtree(folder)


def _pull(node: UmlNode, folder: Path, names: Sequence[str], tell: DetailCallback) -> None:
    if supervisor_client.settled(folder, _NAME) != State.READY:
        raise HostError("The machine that fills the disk did not boot.", "'labs doctor' looks why.", node.read_log())
    tell("unpacking the images for the machines")
    done = node.run_command(["sh", "-c", _PULL, "sh", *names])
    if done.exit_status:
        log = done.error_text + cluster_state.log_of(folder, "hub").read_text("utf-8", "replace")[-2000:]
        raise HostError("The images could not be unpacked.", "Type the same command again.", log)
    node.halt()
