"""Moves images from the host engine through a registry mirror to a node that is still booting."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import docker
from docker.errors import ImageNotFound

from runner import signals
from runner.drivers.common import image_set, parallel
from runner.drivers.docker import host_engine
from runner.drivers.docker.layer_locks import LayerLocks
from runner.drivers.docker.readiness import NodeBoot
from runner.nodes.driver_interface import NodeImage
from runner.status import DetailCallback

# The engine compresses a layer on one processor, and the node unpacks it on another one.
_MAX_TRANSFERS = 2
_POLL_SECONDS = 0.2


class ImageTransfer:
    """Pushes images to a registry mirror, and makes a node pull each of them as soon as it is pushed.

    Args:
        client: The host engine.
        port: The port of this host at which the mirror accepts pushes.
        node: The id of the node's container.
        boot: Its boot.

    """

    def __init__(self, client: docker.DockerClient, port: str, node: str, boot: NodeBoot) -> None:
        self._client = client
        self._port = port
        self._node = node
        self._boot = boot
        self._is_node_ready = threading.Event()
        self._layer_locks = LayerLocks()

    def transfer_images(self, images: Sequence[NodeImage], report_detail: DetailCallback) -> None:
        """Push images, and pull those that nodes have without pulling them.

        Args:
            images: The images.
            report_detail: Called with how many of these images and the boot are done, as in '2 of 3'.

        Raises:
            HostError: The node did not boot, or an image could not be pushed or pulled.

        """
        layers = {image.image: self._client.api.inspect_image(image.image)["RootFS"]["Layers"] for image in images}
        jobs: list[Callable[[threading.Event], None]] = [self._await_node]
        jobs += [
            partial(self._transfer_image, image, layers[image.image]) for image in _sort_for_transfer(images, layers)
        ]
        try:
            with signals.defer_interrupts_in_block():
                for image in images:
                    self._client.api.tag(image.image, *self._get_reference(image))
            parallel.run_jobs(jobs, report_detail, 1 + _MAX_TRANSFERS)
        finally:
            for image in images:
                with contextlib.suppress(ImageNotFound):
                    self._client.api.remove_image(":".join(self._get_reference(image)), noprune=True)

    def _get_reference(self, image: NodeImage) -> tuple[str, str]:
        repository, tag = image_set.add_library_namespace(image.name).rsplit(":", 1)
        return f"127.0.0.1:{self._port}/{repository}", tag

    def _await_node(self, stop: threading.Event) -> None:
        self._boot.wait_until_ready(stop)
        self._is_node_ready.set()

    def _transfer_image(self, image: NodeImage, layers: Sequence[str], stop: threading.Event) -> None:
        with self._layer_locks.hold_missing_layers(layers):
            self._push(image, stop)
        if not image_set.list_preloaded_names([image]):
            return
        while not self._is_node_ready.wait(_POLL_SECONDS):
            if stop.is_set():
                return
        if not stop.is_set():
            run_on_node(self._client, self._node, ["docker", "pull", "--quiet", image.name], f"unpacking {image.name}")

    def _push(self, image: NodeImage, stop: threading.Event) -> None:
        repository, tag = self._get_reference(image)
        # Without any credentials, not even empty ones, older engines refuse to push.
        for message in self._client.api.push(repository, tag=tag, stream=True, decode=True, auth_config={}):
            if stop.is_set():
                return
            if "error" in message:
                purpose = f"pushing {image.name} to the registry mirror"
                raise host_engine.create_engine_error(purpose, message["error"])


def _sort_for_transfer(images: Sequence[NodeImage], layers: Mapping[str, Sequence[str]]) -> list[NodeImage]:
    """Sort images so that few transfers wait for each other.

    Args:
        images: The images.
        layers: The digests of the layers of each image, by its id.

    Returns:
        The smallest of the images that have the most common base, then the others, the largest first.

    """
    bases = Counter(layers[image.image][0] for image in images)
    common_base = max(bases, key=lambda base: bases[base], default="")
    largest_first = sorted(images, key=lambda image: -image.size)
    first = [image for image in largest_first if layers[image.image][0] == common_base][-1:]
    return [*first, *(image for image in largest_first if image not in first)]


def run_on_node(client: docker.DockerClient, container: str, argv: Sequence[str], purpose: str) -> None:
    """Run a command on a node that has no cluster.

    Args:
        client: The host engine.
        container: The id of the node's container.
        argv: The command.
        purpose: What it does, for the error message.

    Raises:
        HostError: It failed.

    """
    command = client.api.exec_create(container, list(argv))["Id"]
    output = client.api.exec_start(command)
    if client.api.exec_inspect(command)["ExitCode"]:
        raise host_engine.create_engine_error(purpose, f"{argv[0]} failed", output.decode("utf-8", "replace"))
