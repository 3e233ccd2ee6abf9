"""Builds and pulls images on the host engine."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from runner import sockets
from runner.drivers.common.image_builder import StoredImage
from runner.drivers.docker import client_config, host_engine, labels
from runner.drivers.docker.dockerfile import SplitDockerfile, split_dockerfile
from runner.images import debian_base, recipe
from runner.images.recipe import Recipe
from runner.status import DetailCallback

_OFFICIAL_ROOT = "debian:trixie-slim"
# A reachable registry answers in a fraction of this; without network, a name server can take minutes to time out.
_REGISTRY_SECONDS = 8
_LOG_CHARACTERS = 3000


class BuildCancelledError(Exception):
    """Ends a build or pull whose result is no longer needed; the engine aborts it when the connection closes."""


class EngineBackend:
    """Pulls and builds images on the host engine.

    Args:
        client: The host engine.

    """

    node_recipe_name = recipe.NODE

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client
        self._cancelled = threading.Event()

    def is_registry_reachable(self) -> bool:
        """Return whether the engine reaches a registry that accepts its requests."""
        url = self._client.api._url("/distribution/{0}/json", "busybox:latest")
        try:
            return bool(self._client.api.get(url, timeout=_REGISTRY_SECONDS).ok)
        except (DockerException, requests.RequestException):
            return False

    def get_pulled_tag(self, name: str) -> str:
        """Return the official name itself, which the engine keeps."""
        return name

    def find_stored_images(self, tags: Iterable[str]) -> dict[str, StoredImage]:
        """Inspect each image."""
        stored = {}
        for tag in tags:
            try:
                details = self._client.api.inspect_image(tag)
            except ImageNotFound:
                continue
            stored[tag] = StoredImage(details["Id"], details["Size"])
        return stored

    def try_pull_image(self, name: str) -> bool:
        """Pull an image."""
        repository, tag = name.rsplit(":", 1)
        try:
            credentials = client_config.find_registry_credentials(repository)
            for _ in self._client.api.pull(repository, tag=tag, stream=True, auth_config=credentials):
                self._stop_if_cancelled()
            return bool(self.find_stored_images([name]))
        except (DockerException, requests.RequestException):
            return False

    def build_base_image(self, tag: str, is_online: bool, report_detail: DetailCallback) -> None:
        """Build the base on the official Debian image, if it can be pulled."""
        source = recipe.load_recipes()[recipe.BASE]
        if not (self.find_stored_images([_OFFICIAL_ROOT]) or (is_online and self.try_pull_image(_OFFICIAL_ROOT))):
            self._import_base(source, tag, report_detail)
            return
        files = debian_base.collect_extra_files()
        if debian_base.SOURCES_FILE in files:
            # Otherwise apt would use the official image's own list of mirrors in addition to this host's.
            files |= {"sources/sources.list.d/": b"", "sources/sources.list.d/debian.sources": b""}
        options = {"tag": tag, "labels": _build_image_labels(source)}
        self._run_builder(f"building {tag}", source, {"ROOT": _OFFICIAL_ROOT}, files, report_detail, **options)

    def _import_base(self, source: Recipe, tag: str, report_detail: DetailCallback) -> None:
        archive = debian_base.bootstrap_base_archive(report_detail)
        try:
            repository, version = tag.split(":")
            with host_engine.translate_engine_errors("importing the Debian base"):
                self._client.api.import_image_from_file(
                    str(archive), repository=repository, tag=version, changes=_build_label_changes(source)
                )
        finally:
            archive.unlink()

    def build_image(self, source: Recipe, tag: str, base_tag: str, report_detail: DetailCallback) -> None:
        """Build an image with the engine's own builder, and configure it in one step."""
        parts = split_dockerfile((source.folder / "Dockerfile").read_text("utf-8"))
        files = {"Dockerfile": parts.filesystem.encode()}
        image = self._run_builder(f"building {tag}", source, {"BASE": base_tag}, files, report_detail)
        report_detail("configuration")
        with host_engine.translate_engine_errors(f"building {tag}"):
            self._commit_image(image, tag, [*parts.changes, *_build_label_changes(source)], parts)

    def _commit_image(self, image: str, tag: str, changes: Sequence[str], parts: SplitDockerfile) -> None:
        """Create an image with the same files and another configuration."""
        api = self._client.api
        repository, version = tag.split(":")
        # The engine needs a command to create a container, even if an instruction replaces the command afterwards.
        command = ["true"] if parts.sets_command else None
        container = api.create_container(image, command, stop_signal=parts.stop_signal)["Id"]
        try:
            api.commit(container, repository, version, changes=changes)
        finally:
            api.remove_container(container, v=True, force=True)

    def _run_builder(
        self,
        purpose: str,
        source: Recipe,
        arguments: dict[str, str],
        files: dict[str, bytes],
        report_detail: DetailCallback,
        **options: Any,
    ) -> str:
        """Build an image in a recipe's folder, and return its id."""
        log = []
        step = image = ""
        with host_engine.translate_engine_errors(purpose):
            stream = self._client.api.build(
                fileobj=_pack_context(source, files),
                custom_context=True,
                buildargs={**_select_proxy_arguments(debian_base.read_proxy_build_args()), **arguments},
                rm=True,
                forcerm=True,
                decode=True,
                **options,
            )
            for message in stream:
                self._stop_if_cancelled()
                text = message.get("stream", "")
                log.append(text)
                if text.startswith("Step "):
                    step = text.split(" : ")[0]
                report_detail(step)
                image = message.get("aux", {}).get("ID", image)
                if "error" in message:
                    log_end = "".join(log)[-_LOG_CHARACTERS:]
                    raise host_engine.create_engine_error(purpose, message["error"].strip(), log_end)
        return image

    def cancel_builds(self) -> None:
        """Let each running build and pull stop at its next message."""
        self._cancelled.set()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise BuildCancelledError


def _select_proxy_arguments(arguments: Mapping[str, str]) -> dict[str, str]:
    """Omit a proxy on the loopback interface: the container of a build has its own."""
    hosts = {name: urlsplit(url if "://" in url else f"//{url}").hostname for name, url in arguments.items()}
    return {name: url for name, url in arguments.items() if not sockets.is_loopback_host(hosts[name] or "")}


def _build_image_labels(source: Recipe) -> dict[str, str]:
    return {**labels.IMAGES, labels.RECIPE: source.name, labels.STAND_IN: source.description}


def _build_label_changes(source: Recipe) -> list[str]:
    return [f"LABEL {key}={json.dumps(value)}" for key, value in _build_image_labels(source).items()]


def _pack_context(source: Recipe, files: dict[str, bytes]) -> io.BytesIO:
    """Return a build context as a tar archive.

    Args:
        source: The recipe whose folder it contains.
        files: Further files by name, or replacements of the recipe's own; the name of an empty folder ends in a slash.

    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in source.list_files():
            name = str(path.relative_to(source.folder))
            if name not in files:
                archive.add(path, name)
        for name, data in files.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.type, entry.mode = (tarfile.DIRTYPE, 0o755) if name.endswith("/") else (tarfile.REGTYPE, 0o644)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    buffer.seek(0)
    return buffer
