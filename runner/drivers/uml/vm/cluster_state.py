"""The recorded state of a cluster of VMs: its topology and artifacts, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from runner import paths
from runner.nodes.driver_interface import ClusterId
from runner.nodes.topology import Role, Topology
from runner.storage import atomic, codec

# Each cluster has its own network namespace, so all clusters can use the same addresses.
SUBNET = IPv4Network("10.213.0.0/24")
GATEWAY, MIRROR = SUBNET[1], SUBNET[2]
_FIRST_NODE_HOST = 11
# The TCP ports of the engine and the agent in each VM; only the gateway's address may connect (recipes/vm/labs-init).
ENGINE_PORT, AGENT_PORT = 61001, 61002
# Earlier versions wrote 'plan.json'. Without this file a cluster counts as incomplete, and can only be removed.
_STATE_FILE = "cluster.json"
_MAX_LOG_LINE = 500


class VmState(StrEnum):
    """Whether a VM runs, and whether its engine is ready."""

    BOOTING = "booting"
    READY = "ready"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class VmSpec:
    """One VM of a cluster.

    Attributes:
        name: The host name.
        role: The swarm role that the topology intends for it.
        address: The IPv4 address.
        memory_mb: The maximum memory in MB.

    """

    name: str
    role: Role
    address: str
    memory_mb: int

    @property
    def mac_address(self) -> str:
        """The Ethernet address: the same after each boot, because other nodes cache it for half a minute."""
        # The two bits that mean 'locally administered' and 'unicast', then the IPv4 address.
        return ":".join(f"{byte:02x}" for byte in (0x02, 0x00, *IPv4Address(self.address).packed))


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster's VMs, and the artifacts that they were created from.

    Attributes:
        lab: The lab.
        run: Which run of the lab.
        artifacts: The folder with the kernel, the base disk and the registry.
        vms: The VMs, in the order of the topology.

    """

    lab: str
    run: str
    artifacts: Path
    vms: tuple[VmSpec, ...]

    @property
    def cluster_id(self) -> ClusterId:
        """The cluster's lab and run."""
        return ClusterId(self.lab, self.run)

    @property
    def hosts_parameter(self) -> str:
        """The VMs' names and addresses, in the format that `labs-init` reads."""
        return ",".join(f"{vm.name}:{vm.address}" for vm in self.vms)

    def save_to_folder(self, folder: Path) -> None:
        """Write the state to a cluster's folder."""
        atomic.write_text(folder / _STATE_FILE, codec.encode_json(self, indent=2))


def build_state(cluster: ClusterId, topology: Topology, artifacts: Path) -> ClusterState:
    """Return the state of a new cluster: assign an address to every node of the topology."""
    vms = [
        VmSpec(node.name, node.role, str(SUBNET[_FIRST_NODE_HOST + number]), node.memory_mb)
        for number, node in enumerate(topology.nodes)
    ]
    return ClusterState(cluster.lab, cluster.run, artifacts, tuple(vms))


def load_state(folder: Path) -> ClusterState | None:
    """Return the state in a cluster's folder.

    Returns:
        None if the cluster's creation was interrupted, its state file is damaged, or an earlier version wrote it.

    """
    try:
        return codec.decode_json((folder / _STATE_FILE).read_bytes(), ClusterState)
    except (OSError, codec.DecodeError):
        return None


def cluster_folder(cluster: ClusterId) -> Path:
    """Return the folder that holds everything of a cluster: its state, disks, logs and completion mark."""
    return all_clusters_folder() / str(cluster)


def all_clusters_folder() -> Path:
    """Return the folder with one folder per cluster of this project."""
    return paths.vms_folder()


def list_cluster_folders_of_all_projects() -> list[Path]:
    """Return the cluster folders of all projects, because projects share the artifacts."""
    return sorted(paths.state_folder().parent.glob(f"*/{paths.vms_folder().name}/*"))


def log_path(folder: Path, name: str) -> Path:
    """Return the log file for the output of a VM or of the registry mirror."""
    return folder / f"{name}.log"


def read_log_tail(folder: Path, name: str, lines: int = 40) -> str:
    """Return the last lines of a VM's log, shortened if they are long, because the VM may be hostile."""
    try:
        text = log_path(folder, name).read_text("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(line[:_MAX_LOG_LINE] for line in text.splitlines()[-lines:])


def supervisor_socket_path(folder: Path) -> Path:
    """Return the supervisor's socket.

    It is in the same folder as the cluster's disks, so that every process that finds the disks also finds the
    supervisor that uses them.
    """
    return folder / "supervisor.sock"
