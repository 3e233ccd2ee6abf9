"""What a cluster of machines is made of, as its folder records it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from runner import paths
from runner.nodes.driver_interface import ClusterId
from runner.nodes.topology import Role, Topology
from runner.storage import atomic

# Each cluster has a network namespace of its own, so all of them can use the same addresses.
SUBNET = IPv4Network("10.213.0.0/24")
GATEWAY, HUB = SUBNET[1], SUBNET[2]
_FIRST_NODE = 11
# Where the agent in each machine listens, and its engine, for the gateway's address alone (recipes/vm/labs-init).
ENGINE_PORT, AGENT_PORT = 61001, 61002


class State(StrEnum):
    """How far a machine has come."""

    BOOTING = "booting"
    READY = "ready"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a cluster.

    Attributes:
        name: Its host name.
        role: What the lesson means it to become.
        address: Its IPv4 address.
        memory: How many MB it may use.

    """

    name: str
    role: Role
    address: str
    memory: int

    @property
    def hardware_address(self) -> str:
        """Its Ethernet address: the same after each boot, for others remember it for half a minute."""
        # The two bits that say 'administered by us' and 'for one receiver', then the IPv4 address.
        return ":".join(f"{byte:02x}" for byte in (0x02, 0x00, *IPv4Address(self.address).packed))


@dataclass(frozen=True, slots=True)
class Plan:
    """A cluster's machines, and what they are made from.

    Attributes:
        lab: The lab.
        run: Which run of it.
        parts: The folder with kernel, base disk and registry.
        machines: The machines, in the order of the topology.

    """

    lab: str
    run: str
    parts: Path
    machines: tuple[Machine, ...]

    @property
    def cluster(self) -> ClusterId:
        """Which cluster this is."""
        return ClusterId(self.lab, self.run)

    @property
    def hosts(self) -> str:
        """The machines' names and addresses, as `labs-init` reads them."""
        return ",".join(f"{machine.name}:{machine.address}" for machine in self.machines)

    def write(self, folder: Path) -> None:
        """Record the plan in a cluster's folder."""
        data = asdict(self) | {"parts": str(self.parts)}
        atomic.write_text(folder / "plan.json", json.dumps(data, indent=2))


def make(cluster: ClusterId, topology: Topology, parts: Path) -> Plan:
    """Give every node of a topology its address and its memory."""
    machines = [
        Machine(node.name, node.role, str(SUBNET[_FIRST_NODE + number]), node.memory)
        for number, node in enumerate(topology.nodes)
    ]
    return Plan(cluster.lab, cluster.run, parts, tuple(machines))


def read(folder: Path) -> Plan | None:
    """Return the plan in a cluster's folder, or None where its making was interrupted, or the record is damaged."""
    try:
        data: dict[str, Any] = json.loads((folder / "plan.json").read_text("utf-8"))
        machines = tuple(Machine(**{**one, "role": Role(one["role"])}) for one in data["machines"])
        return Plan(data["lab"], data["run"], Path(data["parts"]), machines)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def folder_of(cluster: ClusterId) -> Path:
    """Return the folder that holds all of a cluster: its plan, disks, logs and mark."""
    return clusters_folder() / str(cluster)


def clusters_folder() -> Path:
    """Return the folder with one folder per cluster of this project."""
    return paths.machines_folder()


def everybodys_folders() -> list[Path]:
    """Return the folders of all projects' clusters: they stand on the same parts."""
    return sorted(paths.state_folder().parent.glob("*/machines/*"))


def log_of(folder: Path, name: str) -> Path:
    """Return where what a machine or the hub says is kept."""
    return folder / f"{name}.log"


def socket_of(folder: Path) -> Path:
    """Return where a cluster's supervisor listens: where its disks are, so that nobody finds one without the other."""
    return folder / "supervisor.sock"


@contextmanager
def address_of(folder: Path) -> Iterator[str]:
    """Give a short way to that socket, whose whole path may be longer than the 107 bytes that an address may have.

    Raises:
        OSError: There is no such folder.

    """
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{socket_of(folder).name}"
    finally:
        os.close(descriptor)
