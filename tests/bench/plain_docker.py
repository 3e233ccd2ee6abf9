"""The same nodes by plain docker commands: of the same image, without the store, which is labs' own."""

from __future__ import annotations

import time

from runner.drivers.docker import capabilities, labels, layer_cache, network
from runner.drivers.docker.driver import DockerDriver
from tests.bench import PROJECT
from tests.bench.timing import run

NAMES = ("bench1", "bench2", "bench3")


class Plain:
    """Nodes made without labs, of its image and nothing else."""

    def __init__(self, driver: DockerDriver) -> None:
        found = layer_cache.find(driver.client)
        assert found is not None
        self._store = found
        self._options = capabilities.node_options(
            capabilities.gather(driver.client, found.node_image, driver.client.info())
        )

    def make_network(self) -> None:
        """Make the network the nodes share."""
        subnet = str(list(network.POOL.subnets(new_prefix=24))[-1])
        label = f"{labels.PROJECT}={PROJECT}"
        run(["docker", "network", "create", "--subnet", subnet, "--label", label, "bench-net"])

    def add_hub(self) -> None:
        """Run a hub, so that what is removed is the same as what labs removes."""
        mount = f"{self._store.volume}:{layer_cache.MOUNT}:ro"
        options = ["--network", "bench-net", "--tmpfs", "/run", "--volume", mount]
        run(["docker", "run", "--detach", "--name", "bench-hub", *options, self._store.node_image, "labs-mirror"])

    def boot(self, name: str) -> None:
        """Run one node and wait for its engine as a script would."""
        run(["docker", "run", "--detach", "--name", name, *self._flags(name), self._store.node_image])
        while "LABS-READY" not in run(["docker", "logs", name]):
            time.sleep(0.05)

    def init(self) -> str:
        """Make the first node a manager and return the workers' token."""
        run(["docker", "exec", NAMES[0], "docker", "swarm", "init"])
        return run(["docker", "exec", NAMES[0], "docker", "swarm", "join-token", "-q", "worker"]).strip()

    def join(self, name: str, token: str) -> None:
        """Let a node join as a worker."""
        run(["docker", "exec", name, "docker", "swarm", "join", "--token", token, f"{NAMES[0]}:2377"])

    def remove(self) -> None:
        """Remove the nodes, and the hub that stands beside them."""
        run(["docker", "rm", "--force", "--volumes", *NAMES, "bench-hub"])

    def clean(self) -> None:
        """Remove what is left."""
        run(["docker", "network", "rm", "bench-net"])
        run(["docker", "volume", "rm", *NAMES])

    def _flags(self, name: str) -> list[str]:
        flags = ["--hostname", name, "--network", "bench-net", "--network-alias", name, "--env", "LABS_MIRROR=127.0.0.1"]
        flags += ["--volume", f"{name}:/var/lib/docker"]
        for path, mode in self._options["tmpfs"].items():
            flags += ["--tmpfs", f"{path}:{mode}"]
        flags += [f"--security-opt={option}" for option in self._options["security_opt"]]
        if self._options.get("privileged"):
            return [*flags, "--privileged"]
        flags += ["--security-opt=systempaths=unconfined", "--cap-add=ALL", "--device-cgroup-rule=a *:* rwm"]
        return flags + [f"--cap-drop={name}" for name in self._options["cap_drop"]]
