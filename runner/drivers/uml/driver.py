"""The driver `uml` itself."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from runner import signals
from runner.drivers.common import parallel
from runner.drivers.uml import artifacts, diagnostics, memory, space
from runner.drivers.uml import needs as needs_of_building
from runner.drivers.uml.artifacts import Parts
from runner.drivers.uml.node import UmlNode
from runner.drivers.uml.vm import cluster_state, supervisor_client
from runner.drivers.uml.vm.cluster_state import Plan, State
from runner.errors import HostError
from runner.nodes.driver_interface import Cluster, ClusterId, Diagnosis, Node, NodeImage, NodeState
from runner.nodes.topology import Topology
from runner.status import StatusReporter

_COMPLETE = "complete"


class UmlDriver:
    """Makes nodes out of user-mode Linux kernels, which are ordinary processes."""

    name = "uml"

    @cached_property
    def _parts(self) -> Parts | None:
        return artifacts.find()

    def _needed_parts(self) -> Parts:
        if self._parts is None:
            raise HostError(
                "The machines' kernel and disk are not built yet.", "Type 'labs images build --driver uml'."
            )
        return self._parts

    def diagnose(self) -> list[Diagnosis]:
        """Look at the machine, the tools, the parts and the memory."""
        return diagnostics.findings(self._parts)

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Look whether kernels can run here, and whether what they need is there or can be built."""
        diagnostics.require()
        if self._parts is None:
            needs_of_building.require()
        return "its machines need no Docker Engine"

    def check_kernel(self, needs: Iterable[str], subject: str) -> None:
        """Refuse nothing for the kernel's sake: the machines' own has all that a lab can need."""
        diagnostics.require()

    def ensure_images(self, images: Sequence[str], reporter: StatusReporter) -> None:
        """Make the parts, unless they are there and have these images."""
        diagnostics.require()
        if self._parts is None or not self._parts.has(images):
            self._build(images, reporter)

    def build_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Make the parts, unless they are there and have these images."""
        diagnostics.require()
        if rebuild or self._parts is None or not self._parts.has(names):
            self._build(names, reporter)

    def _build(self, images: Sequence[str], reporter: StatusReporter) -> None:
        # Most starts find the parts made, and need not wait for all that making them takes to be imported.
        from runner.drivers.uml import artifact_builder, image_preload

        artifact_builder.build(images, reporter, image_preload.fill)
        self.__dict__.pop("_parts", None)

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return what lies on the machines' disk."""
        return self._parts.contents if self._parts else ()

    def prune_images(self, remove_all: bool) -> int:
        """Remove parts; those that a cluster's disks stand on stay."""
        from runner.drivers.uml import images as gathering

        plans = [cluster_state.read(folder) for folder in cluster_state.everybodys_folders()]
        gone = gathering.prune(remove_all) + artifacts.prune(remove_all, [made.parts for made in plans if made])
        self.__dict__.pop("_parts", None)
        return gone

    def export_images(self, file: Path, reporter: StatusReporter) -> tuple[NodeImage, ...]:
        """Write the newest artifacts of this version to a file."""
        from runner.drivers.uml import export

        exported = export.export_to(file, reporter)
        return tuple(image for image in exported.contents if exported.has([image.name]))

    def import_images(self, file: Path, reporter: StatusReporter) -> None:
        """Unpack artifacts from a file."""
        from runner.drivers.uml import export

        export.import_from(file, reporter)
        self.__dict__.pop("_parts", None)

    def measure_free_memory(self) -> int:
        """Return what the kernel estimates to be available without swapping."""
        return memory.free()

    def calculate_memory(self, topology: Topology) -> int:
        """Add up the memory of the VMs."""
        return sum(node.memory for node in topology.nodes)

    def check_capacity(self, topology: Topology, replaced: Cluster | None = None) -> None:
        """Hold the machines' memory and disks against what is free, and will be."""
        before = cluster_state.read(cluster_state.folder_of(replaced.id)) if replaced else None
        up = [node.name for node in replaced.nodes if node.state is NodeState.RUNNING] if replaced else []
        freed = sum(machine.memory for machine in before.machines if machine.name in up) if before else 0
        memory.require(self.calculate_memory(topology) - freed)
        space.require(cluster_state.clusters_folder(), len(topology.nodes))

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Write the plan, launch the supervisor, and wait for all machines, whose disk has every image already."""
        folder = cluster_state.folder_of(cluster)
        made = cluster_state.make(cluster, topology, self._needed_parts().folder)
        self.check_capacity(topology)
        with reporter.step(f"Making the machines ({', '.join(topology.names)})"), signals.deferred():
            # What the machines write is nobody else's to read, or to run.
            folder.mkdir(parents=True, mode=0o700)
            made.write(folder)
            supervisor_client.launch(folder)
        self._await(folder, made, topology.names, reporter)
        return self._found(folder)

    def _await(self, folder: Path, made: Plan, names: Sequence[str], reporter: StatusReporter) -> None:
        with reporter.step("Booting their kernels and engines") as tell:
            parallel.run([self._waiting(folder, name) for name in names], tell)

    def _waiting(self, folder: Path, name: str) -> Callable[[threading.Event], None]:
        def wait(stop: threading.Event) -> None:
            state = supervisor_client.settled(folder, name, stop.is_set)
            if state != State.READY and not stop.is_set():
                what = "ended before its engine answered" if state == State.DOWN else "was not ready in time"
                log = next(node for node in self._found(folder).nodes if node.name == name).read_log()
                raise HostError(f"{name} {what}.", "'labs doctor' looks for the cause.", log)

        return wait

    def mark_complete(self, cluster: ClusterId) -> None:
        """Leave a mark in the cluster's folder."""
        (cluster_state.folder_of(cluster) / _COMPLETE).touch()

    def list_clusters(self) -> list[Cluster]:
        """Look at the clusters' folders, and ask those that have a supervisor."""
        return [self._found(folder) for folder in _folders()]

    def _found(self, folder: Path) -> Cluster:
        made = cluster_state.read(folder)
        if made is None:
            lab, _, run = folder.name.partition(".")
            return Cluster(ClusterId(lab, run or "main"), self.name, (), is_complete=False)
        try:
            states = supervisor_client.ask(folder, ask="states")
        except HostError:
            states = {}
        nodes = tuple(
            UmlNode(machine.name, machine.role, machine.address, _state(states.get(machine.name)), folder)
            for machine in made.machines
        )
        return Cluster(made.cluster, self.name, nodes, (folder / _COMPLETE).exists())

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Launch the supervisor anew, or let it boot the machines that are down."""
        folder = cluster_state.folder_of(cluster.id)
        made = cluster_state.read(folder)
        assert made is not None
        down = [node.name for node in cluster.nodes if node.state is not NodeState.RUNNING]
        if not down:
            return
        if not made.parts.is_dir():
            raise HostError(
                f"The base disk that '{cluster.id}' stands on is gone from {made.parts}.",
                f"'labs reset {cluster.id.lab}' makes it anew; what was done on the nodes is lost.",
            )
        memory.require(sum(machine.memory for machine in made.machines if machine.name in down))
        space.require(folder, len(down))
        with reporter.step(f"Starting {', '.join(down)}"), signals.deferred():
            if supervisor_client.alive(folder):
                for name in down:
                    supervisor_client.boot(folder, name)
            else:
                supervisor_client.launch(folder)
        self._await(folder, made, down, reporter)

    def stop_cluster(self, cluster: Cluster) -> None:
        """Shut the machines down, all at the same time, then the supervisor."""
        up = [node for node in cluster.nodes if node.state is NodeState.RUNNING]
        try:
            with ThreadPoolExecutor(max(1, len(up))) as pool:
                list(pool.map(_halt, up))
        finally:
            # Also what did not go down by itself is down then.
            supervisor_client.end(cluster_state.folder_of(cluster.id))

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """End the supervisor and delete the cluster's folder."""
        folder = cluster_state.folder_of(cluster)
        if not folder.exists():
            return False
        # What an interruption leaves is then known to be remains.
        (folder / _COMPLETE).unlink(missing_ok=True)
        supervisor_client.end(folder)
        shutil.rmtree(folder)
        return True


def _folders() -> list[Path]:
    folder = cluster_state.clusters_folder()
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _state(said: str | None) -> NodeState:
    return NodeState.RUNNING if said in (State.READY, State.BOOTING) else NodeState.STOPPED


def _halt(node: Node) -> None:
    if isinstance(node, UmlNode):
        node.halt()
