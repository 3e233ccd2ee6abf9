"""The driver interface: all that anything above a driver may know of what nodes are made of."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from docker import DockerClient

    from runner.nodes.topology import Role, Topology
    from runner.status import StatusReporter


OutputCallback = Callable[[bytes], None]


def ignore_output(_said: bytes) -> None:
    """Listen to nothing that a command prints."""


@dataclass(frozen=True, slots=True, order=True)
class ClusterId:
    """Names a cluster: the lab it is for, and which run of that lab."""

    lab: str
    run: str = "main"

    def __str__(self) -> str:
        return self.lab if self.is_main else f"{self.lab}.{self.run}"

    @property
    def is_main(self) -> bool:
        """Whether it is the one that learners work on, and none that another command has made for itself."""
        return self.run == "main"


class NodeState(StrEnum):
    """Whether a node is up."""

    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ExecResult:
    """A command that has ended on a node."""

    exit_status: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """What it printed on standard output."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def error_text(self) -> str:
        """What it printed on standard error."""
        return self.stderr.decode("utf-8", "replace")


class Node(Protocol):
    """A machine with a Docker Engine of its own."""

    @property
    def name(self) -> str:
        """Its host name."""
        ...

    @property
    def role(self) -> Role:
        """What the topology means it to become."""
        ...

    @property
    def address(self) -> str:
        """Its IPv4 address on the cluster's network, the same for as long as the cluster exists."""
        ...

    @property
    def state(self) -> NodeState:
        """Whether it was up when the cluster was found."""
        ...

    def api(self) -> DockerClient:
        """Return a client of the node's own engine; the caller closes it.

        Raises:
            HostError: The node cannot be reached.

        """
        ...

    def run(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> ExecResult:
        """Run a command as root and wait for its end.

        Raises:
            HostError: The node cannot be reached.

        """
        ...

    def copy_in(self, source: Path, target: str) -> None:
        """Copy a file, or what a folder holds, into the folder `target`, which is made if missing."""
        ...

    def attach(self, argv: Sequence[str], on_output: OutputCallback = ignore_output) -> int:
        """Run a command on this process's own standard streams, as a terminal where they are one.

        Args:
            argv: The command.
            heard: Called with whatever the command has printed, once that is shown.

        Returns:
            Its exit status.

        """
        ...

    def connect_engine(self) -> socket.socket:
        """Open a stream to the node's engine, which speaks the Docker API."""
        ...

    def connect_port(self, port: int) -> socket.socket:
        """Open a stream to a TCP port of the node."""
        ...

    def read_log(self, lines: int = 40) -> str:
        """Return the last lines of what the node said since it was made."""
        ...


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes that were made together.

    Attributes:
        id: Which lab and run they are for.
        driver: The name of the driver that made them.
        nodes: The nodes, in the order of the topology.
        complete: Whether their start came to its end; what an interrupted one left is not worth keeping.

    """

    id: ClusterId
    driver: str
    nodes: tuple[Node, ...]
    complete: bool

    @property
    def running(self) -> bool:
        """Whether every node is up."""
        return bool(self.nodes) and all(node.state is NodeState.RUNNING for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing `labs doctor` looked at.

    Attributes:
        subject: What was looked at.
        good: True if it serves every lab, None if only some, False if none.
        seen: What was seen.
        advice: What to do about it, if it is not good.

    """

    subject: str
    good: bool | None
    seen: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class NodeImage:
    """An image that nodes can have.

    Attributes:
        name: The name learners type, with its tag.
        image: Its id where it is kept.
        stand_in: What is in it, where it is not the real one; empty where it is.
        size: Its size in bytes, unpacked.
        version: The version of its recipe; empty where it is real.

    """

    name: str
    image: str
    stand_in: str
    size: int
    version: str = ""


class Driver(Protocol):
    """Makes, finds and removes nodes."""

    @property
    def name(self) -> str:
        """How `--driver` calls it."""
        ...

    def diagnose(self) -> list[Diagnosis]:
        """Look at the host, for `labs doctor`; never raises."""
        ...

    def clear_probe_cache(self) -> None:
        """Look at the host anew the next time, and not at what was found out before."""
        ...

    def check_support(self, needs: Iterable[str], what: str) -> str:
        """Say why this driver serves a lab, as far as that can be told before images are built.

        Args:
            needs: What the lab needs of the kernel.
            what: What needs it, for the message, as in "'swarm-basics'".

        Raises:
            HostError: It does not; with what is missing and what to do.

        """
        ...

    def check_kernel(self, needs: Iterable[str], what: str) -> None:
        """Refuse a lab that this host cannot serve.

        Args:
            needs: What the lab needs of the kernel.
            what: What needs it, for the message, as in "'swarm-basics'".

        Raises:
            HostError: With what is missing and what to do.

        """
        ...

    def ensure_images(self, images: Sequence[str], reporter: StatusReporter) -> None:
        """Make sure that nodes can be made and that these images are at hand for them.

        Raises:
            HostError: One cannot be pulled or built.

        """
        ...

    def build_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Make sure that these images are at hand.

        Args:
            names: Official names.
            story: Where to show it.
            anew: Choose again, for these names and those at hand, between the real image and the stand-in.

        Raises:
            HostError: One cannot be pulled or built.

        """
        ...

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return the images at hand, by name."""
        ...

    def prune_images(self, everything: bool) -> int:
        """Remove what is no longer used, or all of it, and return how many things that were."""
        ...

    def check_capacity(self, topology: Topology, instead_of: Cluster | None = None) -> None:
        """Refuse nodes that would not fit.

        Args:
            topology: The nodes.
            instead_of: A cluster that will be gone by the time they are made.

        Raises:
            HostError: With the figures.

        """
        ...

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Make the nodes and wait until each one's engine answers.

        Whatever goes wrong, what was made so far stays until `remove`.

        Args:
            cluster: Which run of which lab.
            topology: The nodes.
            images: What each node must have from the start; the hub hands out whatever else it has.
            story: Where to show the steps.

        Raises:
            HostError: With the log of the node that failed, if one did.

        """
        ...

    def mark_complete(self, cluster: ClusterId) -> None:
        """Record that the cluster's start came to its end."""
        ...

    def list_clusters(self) -> list[Cluster]:
        """Return every cluster there is, halted ones and remains of interrupted starts included."""
        ...

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Boot the nodes that are not up, with their disks and addresses, and wait until their engines answer."""
        ...

    def stop_cluster(self, cluster: Cluster) -> None:
        """Shut the nodes down and keep their disks."""
        ...

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """Remove all that belongs to a cluster, whatever its state.

        Returns:
            Whether there was anything.

        """
        ...

    def remove_leftovers(self) -> None:
        """Remove what clusters share and can be made again from the images; nothing may run."""
        ...
