"""The driver `docker` itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from typing import Any

import docker

from runner import signals
from runner.drivers.common import parallel
from runner.drivers.docker import capabilities, cleanup, host_engine, labels, layer_cache, network, readiness, room
from runner.drivers.docker.capabilities import HostFacts
from runner.drivers.docker.layer_cache import Store
from runner.drivers.docker.node import DockerNode
from runner.drivers.docker.readiness import Booting
from runner.errors import HostError
from runner.nodes.driver_interface import Cluster, ClusterId, Diagnosis, Node, NodeImage, NodeState
from runner.nodes.topology import NodeSpec, Role, Topology
from runner.status import StatusReporter

# Long enough for the node's engine to end its containers (5 s) and write its state.
_HALT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class _Common:
    """What all nodes of a cluster are made with."""

    cluster: ClusterId
    subnet: IPv4Network
    images: Sequence[str]
    known: HostFacts


class DockerDriver:
    """Makes nodes out of containers on the host's engine."""

    name = "docker"

    @cached_property
    def client(self) -> docker.DockerClient:
        """The host's engine."""
        return host_engine.connect()

    @cached_property
    def _info(self) -> dict[str, Any]:
        with host_engine.explained("asking the engine about itself"):
            return dict(self.client.info())

    @cached_property
    def _store(self) -> Store | None:
        with host_engine.explained("looking for the images"):
            return layer_cache.find(self.client)

    @cached_property
    def _facts(self) -> HostFacts:
        return capabilities.gather(self.client, self._needed_store().node_image, self._info)

    def _needed_store(self) -> Store:
        if self._store is None:
            raise HostError("The images for the nodes are not built yet.", "Type 'labs images build'.")
        return self._store

    def diagnose(self) -> list[Diagnosis]:
        """Look at the engine, what it can give a node, and the images."""
        from runner.drivers.docker import diagnostics

        return diagnostics.findings(lambda: self.client, lambda: self._store, lambda: self._facts)

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Ask the engine whether it is there, and look for room and for what the lab needs."""
        wanted = sorted(needs)
        if refused := host_engine.shortcoming(self._info):
            why, advice = refused
            raise HostError(f"The Docker Engine {self._info['ServerVersion']} here is {why}.", advice)
        if self._store is None:
            room.require(self._info)
        if wanted and self._store:
            self.check_kernel(wanted, subject)
        elif "ipvs" in wanted and room.surely_without_ipvs(self._info):
            raise _lacking(["ipvs"], subject)
        return f"a Docker Engine {self._info['ServerVersion']} is here"

    def check_kernel(self, needs: Iterable[str], subject: str) -> None:
        """Refuse a lab whose needs the kernel does not meet."""
        wanted = sorted(needs)
        if not all(self._facts.offers(need) for need in wanted):
            # A module may have been loaded since the last look.
            self.clear_probe_cache()
        missing = [need for need in wanted if not self._facts.offers(need)]
        if missing:
            raise _lacking(missing, subject)

    def ensure_images(self, images: Sequence[str], reporter: StatusReporter) -> None:
        """Build or pull what is missing, and fill the store that the nodes share."""
        if self._store is None or not self._store.has(images):
            self._fill_store(images, reporter)
        absent = [image for image in images if not self._needed_store().has([image])]
        if absent:
            raise HostError(
                f"There is no image {', '.join(absent)}: no recipe makes it.",
                "'labs images list' shows which there are; CONTRIBUTING.md tells how to add one.",
            )

    def build_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Fill a store with these images, unless there is one."""
        if rebuild or self._store is None or not self._store.has(names):
            self._fill_store(names, reporter)

    def _fill_store(self, images: Sequence[str], reporter: StatusReporter) -> None:
        # Most starts find the store filled, and need not wait for all that building takes to be imported.
        from runner.drivers.docker import layer_cache_builder

        with host_engine.explained("making the images"):
            layer_cache_builder.fill(self.client, images, reporter)
        self.__dict__.pop("_store", None)

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return what is in the store."""
        return self._store.contents if self._store else ()

    def prune_images(self, remove_all: bool) -> int:
        """Remove images and stores; those a cluster still uses are refused by the engine."""
        return layer_cache.prune(self.client, remove_all)

    def clear_probe_cache(self) -> None:
        """Forget what the host can give."""
        capabilities.forget()
        self.__dict__.pop("_facts", None)

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Make network, hub and nodes, and boot them together."""
        with reporter.step("Finding out what the engine can give"):
            known = self._facts
        with (
            reporter.step("Making the network") as tell,
            host_engine.explained("making the network"),
            signals.deferred(),
        ):
            subnet = network.make(self.client, cluster)
            tell(str(subnet))
        with reporter.step(f"Making the nodes ({', '.join(topology.names)})") as tell:
            common = _Common(cluster, subnet, images, known)
            making = [self._making(common, number, node) for number, node in enumerate(topology.nodes)]
            booting = parallel.run(making, tell)
        self._boot(cluster, booting, reporter, lambda: self._create_hub(cluster, subnet))
        return next(found for found in self.list_clusters() if found.id == cluster)

    def _making(self, common: _Common, number: int, node: NodeSpec) -> Callable[[threading.Event], Booting]:
        def make(_stop: threading.Event) -> Booting:
            with host_engine.explained(f"making {node.name}"):
                made = self._create_node(common, number, node)
            return Booting(self.client, made, node.name)

        return make

    def _boot(
        self, cluster: ClusterId, booting: Sequence[Booting], reporter: StatusReporter, create_hub: Callable[[], None]
    ) -> None:
        def start_hub(_stop: threading.Event) -> None:
            with host_engine.explained("starting the hub"):
                create_hub()
                self.client.api.start(labels.name(cluster, "hub"))

        # Nobody asks the hub before the nodes are up, so it does not take the engine's time before they have started.
        with reporter.step("Booting their engines, and the hub") as tell:
            parallel.run([*(one.wait for one in booting), start_hub], tell)

    def _create_node(self, common: _Common, number: int, node: NodeSpec) -> str:
        api = self.client.api
        image = self._needed_store()
        cluster, subnet = common.cluster, common.subnet
        address = str(subnet[network.FIRST_NODE_HOST + number])
        name = labels.name(cluster, node.name)
        own = {"node": node.name, "role": node.role.value, "number": str(number), "address": address}
        volume = api.create_volume(name, labels=labels.of(cluster))["Name"]
        options = capabilities.node_options(common.known)
        binds = [f"{volume}:/var/lib/docker", f"{image.volume}:{layer_cache.MOUNT}:ro", *options.pop("binds", [])]
        made = api.create_container(
            image.node_image,
            hostname=node.name,
            name=name,
            labels=labels.of(cluster, **own),
            environment={
                "LABS_MIRROR": str(subnet[network.HUB_HOST]),
                "LABS_NODE": node.name,
                "LABS_LAB": cluster.lab,
                "LABS_IMAGES": " ".join(common.images),
                "LABS_IPTABLES": common.known.iptables,
            },
            host_config=capabilities.host_config(
                self.client, {"network_mode": labels.name(cluster), "binds": binds, **options}
            ),
            networking_config=network.endpoint(self.client, cluster, address, node.name),
        )
        return str(made["Id"])

    def _create_hub(self, cluster: ClusterId, subnet: IPv4Network) -> None:
        api = self.client.api
        images = self._needed_store()
        api.create_container(
            images.node_image,
            ["labs-mirror"],
            hostname="mirror",
            name=labels.name(cluster, "hub"),
            labels=labels.of(cluster, hub="yes"),
            host_config=api.create_host_config(
                network_mode=labels.name(cluster), binds=[f"{images.volume}:{layer_cache.MOUNT}:ro"], tmpfs={"/run": ""}
            ),
            networking_config=network.endpoint(self.client, cluster, str(subnet[network.HUB_HOST]), "mirror"),
        )

    def mark_complete(self, cluster: ClusterId) -> None:
        """Make the empty volume that says so; labels of what exists can no longer be changed."""
        with host_engine.explained("recording the start"), signals.deferred():
            self.client.api.create_volume(labels.name(cluster, "complete"), labels=labels.of(cluster, complete="yes"))

    def list_clusters(self) -> list[Cluster]:
        """Ask the labels."""
        with host_engine.explained("looking for clusters"):
            containers = self.client.api.containers(all=True, filters=labels.everything())
            volumes = self.client.api.volumes(filters=labels.everything())["Volumes"] or []
            networks = self.client.api.networks(filters=labels.everything())
        ids = {labels.cluster_of(thing.get("Labels")) for thing in [*containers, *volumes, *networks]}
        complete = {
            labels.cluster_of(volume["Labels"]) for volume in volumes if labels.COMPLETE in (volume["Labels"] or {})
        }
        return [
            Cluster(cluster, self.name, self._nodes(cluster, containers), cluster in complete)
            for cluster in sorted(filter(None, ids))
        ]

    def _nodes(self, cluster: ClusterId, containers: Iterable[dict[str, Any]]) -> tuple[DockerNode, ...]:
        own = [
            container
            for container in containers
            if labels.cluster_of(container["Labels"]) == cluster and labels.NODE in container["Labels"]
        ]
        own.sort(key=lambda container: int(container["Labels"][labels.NUMBER]))
        return tuple(
            DockerNode(
                name=container["Labels"][labels.NODE],
                role=Role(container["Labels"][labels.ROLE]),
                address=container["Labels"][labels.ADDRESS],
                state=NodeState.RUNNING if container["State"] == "running" else NodeState.STOPPED,
                container=container["Id"],
                client=self.client,
            )
            for container in own
        )

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Start the containers that are not running."""
        down = [node for node in cluster.nodes if node.state is not NodeState.RUNNING]
        with reporter.step(f"Starting {', '.join(node.name for node in down) or 'the hub'}") as tell:
            booting = parallel.run([self._starting(cluster.id, node) for node in down], tell)
        self._boot(cluster.id, booting, reporter, lambda: None)

    def _starting(self, cluster: ClusterId, node: Node) -> Callable[[threading.Event], Booting]:
        return lambda _stop: Booting(self.client, labels.name(cluster, node.name), node.name)

    def stop_cluster(self, cluster: Cluster) -> None:
        """Stop the nodes, then the hub."""
        with host_engine.explained(f"halting '{cluster.id}'"):
            containers = self.client.api.containers(filters=labels.filters(cluster.id))
            readiness.end_all(self.client, [one for one in containers if labels.NODE in one["Labels"]], _HALT_SECONDS)
            readiness.end_all(self.client, [one for one in containers if labels.NODE not in one["Labels"]], 0)

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """Remove containers, then volumes and networks, by their labels."""
        with host_engine.explained(f"removing '{cluster}'"):
            return cleanup.remove(self.client, cluster)

    def remove_leftovers(self) -> None:
        """Remove the stores' volumes."""
        layer_cache.remove_volumes(self.client)


def _lacking(missing: Iterable[str], what: str) -> HostError:
    return HostError(
        f"{what} needs {' and '.join(missing)}, which the kernel under this Docker Engine does not offer: "
        "services would start, and their virtual IPs and the routing mesh would be dead.",
        "Try it with '--driver uml', or on a host where 'modprobe ip_vs' works.",
    )
