"""The driver `uml`: nodes are VMs that run on user-mode Linux kernels."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from runner import signals
from runner.drivers.common import image_set, parallel
from runner.drivers.uml import artifacts, diagnostics
from runner.drivers.uml.artifacts import Artifacts
from runner.drivers.uml.node import UmlNode
from runner.drivers.uml.vm import cluster_state, supervisor_client
from runner.drivers.uml.vm.cluster_state import VmState
from runner.errors import HostError
from runner.images.bundle import BundleTarget
from runner.nodes.driver_interface import Cluster, ClusterId, Diagnosis, Node, NodeImage, NodeState
from runner.nodes.topology import Topology
from runner.status import StatusReporter

_COMPLETE_MARK = "complete"


class UmlDriver:
    """Creates nodes from user-mode Linux kernels, which run as ordinary processes of the host."""

    name = "uml"

    @cached_property
    def _artifacts(self) -> Artifacts | None:
        return artifacts.find_newest_artifacts()

    def _require_artifacts(self) -> Artifacts:
        if self._artifacts is None:
            raise HostError("The VMs' kernel and base disk are not built yet.", "Run 'labs images build --driver uml'.")
        return self._artifacts

    def diagnose_host(self) -> list[Diagnosis]:
        """Examine the processor, the tools, the namespaces, the artifacts and the memory."""
        return diagnostics.diagnose_host(self._artifacts)

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Check that VMs can run here, and that their artifacts exist or can be built."""
        diagnostics.check_host(is_building=self._artifacts is None)
        return "its VMs need no Docker Engine"

    def check_kernel_features(self, needs: Iterable[str], subject: str) -> None:
        """Check only that VMs can run here: their own kernel has every feature that a lab can need."""
        diagnostics.check_host()

    def ensure_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Build the artifacts, unless they exist and have these images."""
        diagnostics.check_host()
        required = image_set.add_mirror_only_names(names)
        if rebuild or self._artifacts is None or not self._artifacts.has_images(required):
            self._build_artifacts(required, reporter)

    def _build_artifacts(self, images: Sequence[str], reporter: StatusReporter) -> None:
        # Imported here because most starts need no build, and then do not have to wait for this import.
        from runner.drivers.uml import artifact_builder

        artifact_builder.ensure_artifacts_with_images(images, reporter)
        self._forget_artifacts()

    def _forget_artifacts(self) -> None:
        self.__dict__.pop("_artifacts", None)

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return the images on the base disk."""
        return self._artifacts.images if self._artifacts else ()

    def prune_images(self, remove_all: bool) -> int:
        """Remove artifacts, except those that a cluster's disks depend on, and images that they were built from."""
        from runner.drivers.uml import images

        states = [cluster_state.load_state(folder) for folder in cluster_state.list_cluster_folders_of_all_projects()]
        in_use = [state.artifacts for state in states if state]
        removed = images.prune_images(remove_all) + artifacts.prune_artifacts(remove_all, in_use)
        self._forget_artifacts()
        return removed

    def check_import_support(self) -> None:
        """Check only that VMs can run here."""
        diagnostics.check_host()

    def describe_bundle_target(self) -> BundleTarget:
        """Return this host's architecture and the version of the artifacts."""
        from runner.drivers.uml import export

        return export.describe_target()

    def export_images(self, file: Path, reporter: StatusReporter) -> tuple[NodeImage, ...]:
        """Write the newest artifacts of this version to a bundle."""
        from runner.drivers.uml import export

        return image_set.filter_up_to_date_images(export.export_artifacts(file, reporter).images)

    def import_images(self, file: Path, reporter: StatusReporter) -> None:
        """Unpack artifacts from a bundle."""
        from runner.drivers.uml import export

        export.import_artifacts(file, reporter)
        self._forget_artifacts()

    def measure_free_memory(self) -> int:
        """Return how many MB the kernel estimates to be available without swapping."""
        return diagnostics.measure_free_memory()

    def calculate_topology_memory(self, topology: Topology) -> int:
        """Add up the memory of the VMs."""
        return sum(node.memory_mb for node in topology.nodes)

    def check_capacity(self, topology: Topology, replaced: Cluster | None = None) -> None:
        """Compare what the VMs need with the free disk space and memory, including the memory that `replaced` uses."""
        freed = 0
        if replaced:
            state = cluster_state.load_state(cluster_state.cluster_folder(replaced.id))
            running = [node.name for node in replaced.nodes if node.state is NodeState.RUNNING]
            freed = sum(vm.memory_mb for vm in state.vms if vm.name in running) if state else 0
        diagnostics.check_free_memory(self.calculate_topology_memory(topology) - freed)
        diagnostics.check_disk_space(cluster_state.all_clusters_folder(), len(topology.nodes))

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Record the cluster's state, start the supervisor, and wait for the VMs, whose disks have all images."""
        folder = cluster_state.cluster_folder(cluster)
        state = cluster_state.build_state(cluster, topology, self._require_artifacts().folder)
        self.check_capacity(topology)
        with (
            reporter.report_step(f"Creating the VMs ({', '.join(topology.node_names)})"),
            signals.defer_interrupts_in_block(),
        ):
            # No other user may read what the VMs write, or execute it.
            folder.mkdir(parents=True, mode=0o700)
            state.save_to_folder(folder)
            supervisor_client.start_supervisor(folder)
        _wait_for_vms(folder, topology.node_names, reporter)
        return self._load_cluster(folder)

    def mark_cluster_complete(self, cluster: ClusterId) -> None:
        """Create an empty file in the cluster's folder."""
        (cluster_state.cluster_folder(cluster) / _COMPLETE_MARK).touch()

    def list_clusters(self) -> list[Cluster]:
        """List the clusters' folders, and ask the supervisors that run for the nodes' states."""
        folder = cluster_state.all_clusters_folder()
        return [self._load_cluster(path) for path in sorted(folder.iterdir())] if folder.is_dir() else []

    def _load_cluster(self, folder: Path) -> Cluster:
        state = cluster_state.load_state(folder)
        if state is None:
            lab, _, run = folder.name.partition(".")
            return Cluster(ClusterId(lab, run or "main"), self.name, (), is_complete=False)
        try:
            vm_states = supervisor_client.send_request(folder, request="list_states")
        except HostError:
            vm_states = {}
        nodes = tuple(
            UmlNode(vm.name, vm.role, vm.address, _get_node_state(vm_states.get(vm.name)), folder) for vm in state.vms
        )
        return Cluster(state.cluster_id, self.name, nodes, (folder / _COMPLETE_MARK).exists())

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Start the supervisor again, or make it boot the VMs that are down."""
        folder = cluster_state.cluster_folder(cluster.id)
        state = cluster_state.load_state(folder)
        assert state is not None
        down = [node.name for node in cluster.nodes if node.state is not NodeState.RUNNING]
        if not down:
            return
        if not state.artifacts.is_dir():
            raise HostError(
                f"The base disk of '{cluster.id}' has been removed: there is no {state.artifacts}.",
                f"'labs reset {cluster.id.lab}' creates the cluster again; the work on its nodes is lost.",
            )
        diagnostics.check_free_memory(sum(vm.memory_mb for vm in state.vms if vm.name in down))
        diagnostics.check_disk_space(folder, len(down))
        with reporter.report_step(f"Starting {', '.join(down)}"), signals.defer_interrupts_in_block():
            if supervisor_client.is_supervisor_running(folder):
                for name in down:
                    supervisor_client.boot_vm(folder, name)
            else:
                supervisor_client.start_supervisor(folder)
        _wait_for_vms(folder, down, reporter)

    def stop_cluster(self, cluster: Cluster) -> None:
        """Shut all VMs down at the same time, then stop the supervisor."""
        running = [node for node in cluster.nodes if node.state is NodeState.RUNNING]
        try:
            with ThreadPoolExecutor(max(1, len(running))) as pool:
                list(pool.map(_shut_down_node, running))
        finally:
            # This also ends the VMs that did not shut down.
            supervisor_client.kill_supervisor(cluster_state.cluster_folder(cluster.id))

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """Stop the supervisor and delete the cluster's folder."""
        folder = cluster_state.cluster_folder(cluster)
        if not folder.exists():
            return False
        # Remove the mark first, so that an interrupted removal leaves a cluster that counts as incomplete.
        (folder / _COMPLETE_MARK).unlink(missing_ok=True)
        supervisor_client.kill_supervisor(folder)
        shutil.rmtree(folder)
        return True


def _wait_for_vms(folder: Path, names: Sequence[str], reporter: StatusReporter) -> None:
    with reporter.report_step("Booting the VMs and their engines") as report_detail:
        parallel.run_jobs([_create_wait_job(folder, name) for name in names], report_detail)


def _create_wait_job(folder: Path, name: str) -> Callable[[threading.Event], None]:
    def wait(stop: threading.Event) -> None:
        vm_state = supervisor_client.wait_while_booting(folder, name, stop.is_set)
        if vm_state != VmState.READY and not stop.is_set():
            problem = "stopped before its engine was ready" if vm_state == VmState.DOWN else "was not ready in time"
            raise HostError(
                f"{name} {problem}.", "'labs doctor' looks for the cause.", cluster_state.read_log_tail(folder, name)
            )

    return wait


def _get_node_state(vm_state: str | None) -> NodeState:
    return NodeState.RUNNING if vm_state in (VmState.READY, VmState.BOOTING) else NodeState.STOPPED


def _shut_down_node(node: Node) -> None:
    if isinstance(node, UmlNode):
        node.shut_down()
