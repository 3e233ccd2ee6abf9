"""Create the nodes of a lab with plain docker commands: the same image and options, without the layer cache."""

from __future__ import annotations

import time

from runner.drivers.docker import capabilities, labels, layer_cache, subnets
from runner.drivers.docker.driver import DockerDriver
from tests.bench import BENCH_PROJECT
from tests.bench.timing import run_command

NODE_NAMES = ("bench1", "bench2", "bench3")


class PlainDockerCluster:
    """Nodes that plain docker commands create from the node image of labs."""

    def __init__(self, driver: DockerDriver) -> None:
        cache = layer_cache.find_current_layer_cache(driver.host_client)
        assert cache is not None
        self._layer_cache = cache
        self._options = capabilities.build_node_host_options(
            capabilities.load_or_probe_host_facts(
                driver.host_client, cache.image_set.node_image, driver.host_client.info()
            )
        )

    def create_network(self) -> None:
        """Create the network that the nodes share."""
        subnet = str(list(subnets.DEFAULT_POOLS[0].subnets(new_prefix=subnets.SUBNET_PREFIX))[-1])
        label = f"{labels.PROJECT}={BENCH_PROJECT}"
        run_command(["docker", "network", "create", "--subnet", subnet, "--label", label, "bench-net"])

    def start_mirror(self) -> None:
        """Start a registry mirror, so that the same containers are removed as by `labs rm`."""
        mount = f"{self._layer_cache.volume}:{layer_cache.MOUNT}:ro"
        options = ["--network", "bench-net", "--tmpfs", "/run", "--volume", mount]
        run_command(
            [
                "docker",
                "run",
                "--detach",
                "--name",
                "bench-mirror",
                *options,
                self._layer_cache.image_set.node_image,
                "labs-mirror",
            ]
        )

    def start_node(self, name: str) -> None:
        """Start one node and wait for its engine, as a script would do."""
        run_command(
            [
                "docker",
                "run",
                "--detach",
                "--name",
                name,
                *self._build_run_options(name),
                self._layer_cache.image_set.node_image,
            ]
        )
        while "LABS-READY" not in run_command(["docker", "logs", name]):
            time.sleep(0.05)

    def init_swarm(self) -> str:
        """Create a swarm on the first node, and return the join token for workers."""
        run_command(["docker", "exec", NODE_NAMES[0], "docker", "swarm", "init"])
        return run_command(["docker", "exec", NODE_NAMES[0], "docker", "swarm", "join-token", "-q", "worker"]).strip()

    def join_swarm(self, name: str, token: str) -> None:
        """Join a node to the swarm as a worker."""
        run_command(["docker", "exec", name, "docker", "swarm", "join", "--token", token, f"{NODE_NAMES[0]}:2377"])

    def remove_containers(self) -> None:
        """Remove the nodes and the registry mirror."""
        run_command(["docker", "rm", "--force", "--volumes", *NODE_NAMES, "bench-mirror"])

    def remove_network_and_volumes(self) -> None:
        """Remove the network and the volumes."""
        run_command(["docker", "network", "rm", "bench-net"])
        run_command(["docker", "volume", "rm", *NODE_NAMES])

    def _build_run_options(self, name: str) -> list[str]:
        options = [
            "--hostname",
            name,
            "--network",
            "bench-net",
            "--network-alias",
            name,
            "--env",
            "LABS_MIRROR=127.0.0.1",
        ]
        options += ["--volume", f"{name}:/var/lib/docker"]
        for path, mode in self._options["tmpfs"].items():
            options += ["--tmpfs", f"{path}:{mode}"]
        options += [f"--security-opt={option}" for option in self._options["security_opt"]]
        if self._options.get("privileged"):
            return [*options, "--privileged"]
        options += ["--security-opt=systempaths=unconfined", "--cap-add=ALL", "--device-cgroup-rule=a *:* rwm"]
        return options + [f"--cap-drop={name}" for name in self._options["cap_drop"]]
