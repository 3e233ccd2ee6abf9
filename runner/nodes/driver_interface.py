"""The driver interface: the methods that every driver offers to the rest of the program.

Methods that only some drivers offer are in `driver_capabilities`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket

    from docker import DockerClient

    from runner.nodes.topology import Role, Topology
    from runner.status import StatusReporter


OutputCallback = Callable[[bytes], None]


def ignore_output(_data: bytes) -> None:
    """Discard the output of a command: the default `OutputCallback`."""


@dataclass(frozen=True, slots=True, order=True)
class ClusterId:
    """The identity of a cluster: its lab, and which run of that lab it is."""

    lab: str
    run: str = "main"

    def __str__(self) -> str:
        return self.lab if self.is_main else f"{self.lab}.{self.run}"

    @property
    def is_main(self) -> bool:
        """Whether this is the cluster that the learner works on, not one that another command created for itself."""
        return self.run == "main"


class NodeState(StrEnum):
    """Whether a node is running."""

    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ExecResult:
    """The result of a command that ran on a node."""

    exit_status: int
    stdout: bytes
    stderr: bytes

    @property
    def stdout_text(self) -> str:
        """The standard output as text."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def stderr_text(self) -> str:
        """The standard error as text."""
        return self.stderr.decode("utf-8", "replace")


class Node(Protocol):
    """A container or VM with its own Docker Engine."""

    @property
    def name(self) -> str:
        """The host name."""
        ...

    @property
    def role(self) -> Role:
        """The swarm role that the topology intends for it."""
        ...

    @property
    def address(self) -> str:
        """The IPv4 address on the cluster's network, which stays the same for the lifetime of the cluster."""
        ...

    @property
    def state(self) -> NodeState:
        """The state at the time the cluster was listed."""
        ...

    def create_engine_client(self) -> DockerClient:
        """Return a client of the node engine; the caller closes it.

        Raises:
            HostError: The node cannot be reached.

        """
        ...

    def run_command(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command as root in its home directory, and wait for it to end.

        Args:
            argv: The command.
            environment: Variables to set in addition to the node's own.

        Raises:
            HostError: The node cannot be reached, or stops while the command runs.
            LimitExceededError: The command prints too much.

        """
        ...

    def copy_files(self, source: Path, target: str) -> None:
        """Copy files to the node.

        Args:
            source: A file, or a folder whose content is copied.
            target: The absolute path of the folder on the node, which is created if missing.

        Raises:
            HostError: The node cannot be reached, or the files cannot be written.

        """
        ...

    def run_attached(self, argv: Sequence[str], on_output: OutputCallback = ignore_output) -> int:
        """Run a command attached to this process's standard streams, on a pseudo-terminal if they are a terminal.

        Args:
            argv: The command.
            on_output: Called with each chunk of output after it is shown.

        Returns:
            The command's exit status.

        Raises:
            HostError: The node cannot be reached, or stops while the command runs.

        """
        ...

    def connect_engine_socket(self) -> socket.socket:
        """Open a stream to the node engine, which speaks the Docker API.

        Raises:
            HostError: The node cannot be reached.

        """
        ...

    def connect_port_socket(self, port: int) -> socket.socket:
        """Open a stream to a TCP port on the node's loopback interface.

        Raises:
            HostError: The node cannot be reached.

        """
        ...

    def read_log_tail(self, lines: int = 40) -> str:
        """Return the last lines of the node's console log."""
        ...


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes that were created together.

    Attributes:
        id: The lab and run that they are for.
        driver: The name of the driver that created them.
        nodes: The nodes, in the order of the topology.
        is_complete: Whether their start completed; an interrupted start leaves a cluster that cannot be used.

    """

    id: ClusterId
    driver: str
    nodes: tuple[Node, ...]
    is_complete: bool

    @property
    def is_fully_running(self) -> bool:
        """Whether every node is running."""
        return bool(self.nodes) and all(node.state is NodeState.RUNNING for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of `labs doctor`.

    Attributes:
        subject: What was examined.
        is_ok: True if every lab can run, None if only some can, False if none can.
        finding: The result.
        advice: How to fix it, if it is not ok.
        missing_packages: The Debian packages that fix it.

    """

    subject: str
    is_ok: bool | None
    finding: str
    advice: str = ""
    missing_packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeImage:
    """An image that nodes can use.

    Attributes:
        name: The official name that learners type, with its tag.
        image: The image's id in the driver's image storage.
        stand_in: What a stand-in image contains; empty for the real image.
        size: The unpacked size in bytes.
        version: The version of the recipe of a stand-in image; empty for the real image.

    """

    name: str
    image: str
    stand_in: str
    size: int
    version: str = ""


class Driver(Protocol):
    """Creates, lists and removes clusters."""

    @property
    def name(self) -> str:
        """The name that `--driver` accepts."""
        ...

    def diagnose_host(self) -> list[Diagnosis]:
        """Examine the host for `labs doctor`; never raises."""
        ...

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Check whether this driver can run a lab; before images are built, some requirements cannot be checked yet.

        Args:
            needs: The kernel features that the lab needs.
            subject: What needs them, for messages, as in "'swarm-basics'".

        Returns:
            Why this driver can run it, for messages.

        Raises:
            HostError: The driver cannot run it; the error says what is missing and how to fix it.

        """
        ...

    def check_kernel_features(self, needs: Iterable[str], subject: str) -> None:
        """Check that the kernel under the nodes has the features that a lab needs.

        Args:
            needs: The kernel features that the lab needs.
            subject: What needs them, for messages, as in "'swarm-basics'".

        Raises:
            HostError: A feature is missing; the error says which one and how to fix it.

        """
        ...

    def ensure_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Make sure that nodes can use these images: pull or build what is missing.

        Args:
            names: Official names.
            reporter: Shows the steps.
            rebuild: Choose again between the real image and the stand-in, for these and all available images.

        Raises:
            HostError: An image cannot be pulled or built.

        """
        ...

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return the available images, sorted by name.

        Raises:
            HostError: The driver's images cannot be listed.

        """
        ...

    def prune_images(self, remove_all: bool) -> int:
        """Remove images and layer caches that are no longer used, and return how many were removed.

        Args:
            remove_all: Also remove those that the next start would use.

        """
        ...

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Create the nodes and wait until every node engine is ready.

        If this fails, everything created so far remains until `remove_cluster` is called.

        Args:
            cluster: The lab and run.
            topology: The nodes.
            images: The images that each node engine has from the start; it pulls others from the registry mirror.
            reporter: Shows the steps.

        Raises:
            HostError: A node could not be created or did not become ready; with its log, if it has one.

        """
        ...

    def mark_cluster_complete(self, cluster: ClusterId) -> None:
        """Record that the cluster's start completed.

        Raises:
            HostError: The record cannot be written.

        """
        ...

    def list_clusters(self) -> list[Cluster]:
        """Return all clusters of this project, including stopped ones and those of interrupted starts.

        Raises:
            HostError: The driver cannot list its clusters.

        """
        ...

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Boot the stopped nodes, which keep their disks and addresses, and wait until their engines are ready.

        Raises:
            HostError: A node cannot be started or did not become ready.

        """
        ...

    def stop_cluster(self, cluster: Cluster) -> None:
        """Shut the nodes down and keep their disks."""
        ...

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """Remove everything that belongs to a cluster, in any state.

        Returns:
            Whether there was anything to remove.

        """
        ...
