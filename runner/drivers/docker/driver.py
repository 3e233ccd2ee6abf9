"""The driver `docker`: nodes are containers on the host engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import docker

from runner import paths, signals
from runner.drivers.common import image_set, parallel
from runner.drivers.docker import (
    capabilities,
    cleanup,
    diagnostics,
    host_engine,
    labels,
    layer_cache,
    network,
    node_proxy,
    project_lock,
    readiness,
    subnets,
)
from runner.drivers.docker.capabilities import HostFacts
from runner.drivers.docker.containers import ClusterContainers, require_mirror_container_id
from runner.drivers.docker.layer_cache import LayerCache
from runner.drivers.docker.node import DockerNode
from runner.drivers.docker.readiness import NodeBoot
from runner.errors import HostError
from runner.images.bundle import BundleTarget
from runner.nodes.driver_interface import Cluster, ClusterId, Diagnosis, NodeImage, NodeState
from runner.nodes.topology import NodeSpec, Role, Topology
from runner.status import StatusReporter

# Long enough for a node engine to stop its containers (5 s) and to save its state.
_STOP_SECONDS = 15


class DockerDriver:
    """Creates nodes as containers on the host engine."""

    name = "docker"

    def __init__(self) -> None:
        self._project_lock: IO[str] | None = None

    @cached_property
    def host_client(self) -> docker.DockerClient:
        """A client of the host engine."""
        return host_engine.connect_host_engine()

    @cached_property
    def _info(self) -> dict[str, Any]:
        with host_engine.translate_engine_errors("asking the engine for its properties"):
            return dict(self.host_client.info())

    @cached_property
    def _layer_cache(self) -> LayerCache | None:
        with host_engine.translate_engine_errors("looking for the images"):
            return layer_cache.find_current_layer_cache(self.host_client)

    @cached_property
    def _facts(self) -> HostFacts:
        return self._probe_host(self._require_layer_cache().image_set.node_image)

    def _probe_host(self, node_image: str) -> HostFacts:
        return capabilities.load_or_probe_host_facts(self.host_client, node_image, self._info)

    def _require_layer_cache(self) -> LayerCache:
        if self._layer_cache is None:
            raise HostError("The images for the nodes are not built yet.", "Run 'labs images build'.")
        return self._layer_cache

    def diagnose_host(self) -> list[Diagnosis]:
        """Examine the engine, the images, and what the engine offers to nodes."""
        return diagnostics.diagnose_engine(lambda: self.host_client, lambda: self._layer_cache, self._probe_host)

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Check that the engine answers, is recent enough, has free disk space, and has the kernel features needed."""
        required = sorted(needs)
        if incompatibility := host_engine.find_incompatibility(self._info):
            reason, advice = incompatibility
            raise HostError(f"The Docker Engine {self._info['ServerVersion']} on this host is {reason}.", advice)
        if self._layer_cache is None:
            diagnostics.check_disk_space(self._info)
        if required and self._layer_cache:
            self.check_kernel_features(required, subject)
        elif "ipvs" in required and diagnostics.lacks_ipvs(self._info):
            raise _create_kernel_error(["ipvs"], subject)
        return f"Docker Engine {self._info['ServerVersion']} is available"

    def check_kernel_features(self, needs: Iterable[str], subject: str) -> None:
        """Check the results of the probes; if something is missing, probe again."""
        required = sorted(needs)
        if not all(self._facts.has_kernel_feature(need) for need in required):
            # A module may have been loaded since the last probe.
            self.clear_probe_cache()
        missing = [need for need in required if not self._facts.has_kernel_feature(need)]
        if missing:
            raise _create_kernel_error(missing, subject)

    def ensure_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Pull or build what is missing, and fill the layer cache, unless it has these images."""
        # An invalid setting must be found before minutes of building, and before `labs reset` removes any node.
        subnets.get_pools()
        node_proxy.find_node_proxy()
        self._hold_project_lock()
        required = image_set.add_mirror_only_names(names)
        if not rebuild and self._layer_cache and self._layer_cache.has_images(required):
            return
        # Most starts find the layer cache filled; they save the time to import everything that building needs.
        from runner.drivers.docker import layer_cache_builder

        with host_engine.translate_engine_errors("building the images"):
            layer_cache_builder.build_layer_cache(self.host_client, required, reporter)
        self._forget_layer_cache()

    def _hold_project_lock(self) -> None:
        """Keep other projects' commands from removing the layer cache until this process ends."""
        if self._project_lock is None:
            self._project_lock = project_lock.acquire_project_lock(paths.project_name())
            self._forget_layer_cache()

    def _forget_layer_cache(self) -> None:
        self.__dict__.pop("_layer_cache", None)

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return the images in the layer cache."""
        return self._layer_cache.image_set.images if self._layer_cache else ()

    def prune_images(self, remove_all: bool) -> int:
        """Remove images and layer caches, except those that a cluster uses."""
        removed = layer_cache.prune_images(self.host_client, remove_all)
        self._forget_layer_cache()
        return removed

    def check_import_support(self) -> None:
        """Check the engine, as for a lab without special needs."""
        self.check_support((), "labs")

    def describe_bundle_target(self) -> BundleTarget:
        """Return the engine's architecture and the version of the recipe for nodes."""
        from runner.drivers.docker import export

        return export.describe_target(self._info)

    def export_images(self, file: Path, reporter: StatusReporter) -> tuple[NodeImage, ...]:
        """Write the images of the layer cache to a bundle."""
        from runner.drivers.docker import export

        self._hold_project_lock()
        return export.export_images(self.host_client, self.describe_bundle_target(), file, reporter)

    def import_images(self, file: Path, reporter: StatusReporter) -> None:
        """Load a bundle's images into the engine, and fill the layer cache with them."""
        from runner.drivers.docker import export

        self._hold_project_lock()
        diagnostics.check_disk_space(self._info)
        export.import_images(self.host_client, self.describe_bundle_target(), file, reporter)
        self._forget_layer_cache()

    def clear_probe_cache(self) -> None:
        """Discard the cached facts about the host."""
        capabilities.clear_probe_cache()
        self.__dict__.pop("_facts", None)

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Create network, nodes and registry mirror, and boot all nodes in parallel."""
        proxy = node_proxy.find_node_proxy()
        with reporter.report_step("Probing engine capabilities"):
            facts = self._facts
        with (
            reporter.report_step("Creating the network") as report_detail,
            host_engine.translate_engine_errors("creating the network"),
            signals.defer_interrupts_in_block(),
        ):
            subnet = network.create_cluster_network(self.host_client, cluster)
            report_detail(str(subnet))
        containers = ClusterContainers(
            self.host_client, cluster, subnet, self._require_layer_cache(), topology.node_names, proxy
        )

        def plan_boot(number: int, node: NodeSpec) -> Callable[[threading.Event], NodeBoot]:
            def create_and_start(_stop: threading.Event) -> NodeBoot:
                with host_engine.translate_engine_errors(f"creating {node.name}"):
                    container = containers.create_node_container(number, node, images, facts)
                return NodeBoot(self.host_client, container, node.name)

            return create_and_start

        with reporter.report_step(f"Creating the nodes ({', '.join(topology.node_names)})") as report_detail:
            jobs = [plan_boot(number, node) for number, node in enumerate(topology.nodes)]
            boots = parallel.run_jobs(jobs, report_detail)
        self._await_boots(boots, containers.create_mirror_container, reporter)
        return next(created for created in self.list_clusters() if created.id == cluster)

    def _await_boots(
        self, boots: Sequence[NodeBoot], provide_mirror: Callable[[], str], reporter: StatusReporter
    ) -> None:
        """Wait until all nodes are ready, and start the registry mirror in the meantime.

        No node uses the mirror before its engine is ready, so the mirror starts only after the nodes have started.
        """

        def start_mirror(_stop: threading.Event) -> None:
            with host_engine.translate_engine_errors("starting the registry mirror"):
                self.host_client.api.start(provide_mirror())

        with reporter.report_step("Starting node engines and the registry mirror") as report_detail:
            parallel.run_jobs([*(boot.wait_until_ready for boot in boots), start_mirror], report_detail)

    def mark_cluster_complete(self, cluster: ClusterId) -> None:
        """Create an empty volume as the record: labels of existing objects cannot be changed."""
        name = labels.format_object_name(cluster, "complete")
        with host_engine.translate_engine_errors("recording the start"), signals.defer_interrupts_in_block():
            self.host_client.api.create_volume(name, labels=labels.build_cluster_labels(cluster, complete="yes"))

    def list_clusters(self) -> list[Cluster]:
        """Read the labels of all containers, volumes and networks of this project."""
        project_filter = labels.build_project_filter()
        with host_engine.translate_engine_errors("looking for clusters"):
            containers = self.host_client.api.containers(all=True, filters=project_filter)
            volumes = self.host_client.api.volumes(filters=project_filter)["Volumes"] or []
            networks = self.host_client.api.networks(filters=project_filter)
        ids = {labels.parse_cluster_id(entry.get("Labels")) for entry in [*containers, *volumes, *networks]}
        complete = {
            labels.parse_cluster_id(volume["Labels"])
            for volume in volumes
            if labels.COMPLETE in (volume["Labels"] or {})
        }
        return [
            Cluster(cluster, self.name, self._select_nodes(cluster, containers), cluster in complete)
            for cluster in sorted(filter(None, ids))
        ]

    def _select_nodes(self, cluster: ClusterId, containers: Iterable[dict[str, Any]]) -> tuple[DockerNode, ...]:
        node_containers = [
            container
            for container in containers
            if labels.parse_cluster_id(container["Labels"]) == cluster and labels.NODE in container["Labels"]
        ]
        node_containers.sort(key=lambda container: int(container["Labels"][labels.NUMBER]))
        return tuple(
            DockerNode(
                name=container["Labels"][labels.NODE],
                role=Role(container["Labels"][labels.ROLE]),
                address=container["Labels"][labels.ADDRESS],
                state=NodeState.RUNNING if container["State"] == "running" else NodeState.STOPPED,
                container=container["Id"],
                client=self.host_client,
            )
            for container in node_containers
        )

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Start the containers that are not running."""
        stopped = [node for node in cluster.nodes if node.state is not NodeState.RUNNING]
        names = ", ".join(node.name for node in stopped) or "the registry mirror"
        with reporter.report_step(f"Starting {names}") as report_detail:
            jobs = [self._plan_restart(cluster.id, node.name) for node in stopped]
            boots = parallel.run_jobs(jobs, report_detail)
        self._await_boots(boots, lambda: require_mirror_container_id(self.host_client, cluster.id), reporter)

    def _plan_restart(self, cluster: ClusterId, node: str) -> Callable[[threading.Event], NodeBoot]:
        return lambda _stop: NodeBoot(self.host_client, labels.format_object_name(cluster, node), node)

    def stop_cluster(self, cluster: Cluster) -> None:
        """Stop the nodes, then the registry mirror."""
        with host_engine.translate_engine_errors(f"stopping '{cluster.id}'"):
            containers = self.host_client.api.containers(filters=labels.build_cluster_filter(cluster.id))
            nodes = [container for container in containers if labels.NODE in container["Labels"]]
            readiness.stop_containers(self.host_client, nodes, _STOP_SECONDS)
            mirrors = [container for container in containers if labels.NODE not in container["Labels"]]
            readiness.stop_containers(self.host_client, mirrors, 0)

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """Remove containers, volumes and networks with the cluster's labels."""
        with host_engine.translate_engine_errors(f"removing '{cluster}'"):
            return cleanup.remove_cluster_objects(self.host_client, cluster)

    def remove_unused_caches(self) -> None:
        """Remove all layer caches except this project's current one and those that other projects use."""
        layer_cache.remove_unused_caches(self.host_client)


def _create_kernel_error(missing: Iterable[str], subject: str) -> HostError:
    return HostError(
        f"{subject} needs {' and '.join(missing)}, which the kernel of this Docker Engine does not have. "
        "Services would start, but their virtual IPs and the routing mesh would not work.",
        "Use '--driver uml', or a host where 'modprobe ip_vs' works.",
    )
