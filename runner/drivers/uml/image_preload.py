"""Preloads the base disk with images.

A VM that runs on the disk itself pulls them, so the disk of every VM that is created later has them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from runner import signals
from runner.drivers.uml.node import UmlNode
from runner.drivers.uml.vm import cluster_state, sandbox, supervisor_client
from runner.drivers.uml.vm.cluster_state import ClusterState, VmSpec, VmState
from runner.errors import HostError
from runner.nodes.driver_interface import NodeState
from runner.nodes.topology import DEFAULT_MEMORY_MB, Role
from runner.status import DetailCallback

_NAME = "disk"
# Pulled, not loaded, because only pulled images get the digests that the registry mirror will answer with. The engine
# id is deleted because each engine must generate its own. The record of networks is deleted because an engine that
# finds one creates the default network, removes it and creates it again, with 22 calls of iptables each time.
_PULL = (
    "printf '%s\\n' \"$@\" | xargs -rn1 docker pull --quiet"
    " && rm -f /var/lib/docker/engine-id /var/lib/docker/network/files/local-kv.db"
)


def preload_images(artifacts_folder: Path, names: Sequence[str], report_detail: DetailCallback) -> None:
    """Boot a VM on the base disk itself, pull every image from the registry mirror, and shut the VM down.

    Args:
        artifacts_folder: The folder of the artifacts that are being built.
        names: The images, with their tags.
        report_detail: Called with each step, as in 'booting a VM'.

    Raises:
        HostError: The VM did not boot, or an image could not be pulled.

    """
    folder = artifacts_folder / "preload"
    folder.mkdir()
    base_disk = artifacts_folder / "disk.img"
    # If there is no base disk, a VM works directly on its own disk file.
    vm_disk = sandbox.writable_file_path(folder, _NAME)
    base_disk.rename(vm_disk)
    address = str(cluster_state.SUBNET[11])
    vm = VmSpec(_NAME, Role.MANAGER, address, DEFAULT_MEMORY_MB)
    ClusterState("images", "build", artifacts_folder, (vm,)).save_to_folder(folder)
    try:
        report_detail("booting a VM")
        supervisor_client.start_supervisor(folder)
        _pull_images(UmlNode(_NAME, Role.MANAGER, address, NodeState.RUNNING, folder), names, report_detail)
    finally:
        # After an error this folder is deleted, and without it the supervisor could no longer be found.
        with signals.ignore_interrupts_in_block():
            supervisor_client.kill_supervisor(folder)
    vm_disk.rename(base_disk)
    if os.geteuid() == 0:
        os.chown(base_disk, 0, 0)
    shutil.rmtree(folder)


def _pull_images(node: UmlNode, names: Sequence[str], report_detail: DetailCallback) -> None:
    if supervisor_client.wait_while_booting(node.folder, _NAME) != VmState.READY:
        raise HostError(
            "The VM that preloads the images did not boot.", "'labs doctor' looks for the cause.", node.read_log_tail()
        )
    report_detail("pulling the images in a VM")
    result = node.run_command(["sh", "-c", _PULL, "sh", *names])
    if result.exit_status:
        mirror_log = cluster_state.log_path(node.folder, "mirror").read_text("utf-8", "replace")[-2000:]
        raise HostError(
            "The images could not be pulled from the registry mirror.",
            "Run the same command again.",
            result.stderr_text + mirror_log,
        )
    node.shut_down()
