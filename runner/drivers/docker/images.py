"""Brings images into the host's engine: what it has, what a registry gives, or a stand-in built from a recipe."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from runner.drivers.common import build_scheduler
from runner.drivers.docker import host_engine, labels
from runner.images import debian_base, recipe
from runner.images.recipe import Recipe
from runner.nodes.driver_interface import NodeImage
from runner.status import DetailCallback, StatusReporter

_ROOT = "debian:trixie-slim"
# A registry that answers does so in a fraction of this; a dead name server can take minutes.
_REGISTRY_SECONDS = 8


class _StoppedError(Exception):
    """Ends a build or pull whose result nobody waits for; the engine gives it up when we close the connection."""


def registry_answers(client: docker.DockerClient) -> bool:
    """Whether the engine reaches a registry that lets it in."""
    url = client.api._url("/distribution/{0}/json", "busybox:latest")
    try:
        return bool(client.api.get(url, timeout=_REGISTRY_SECONDS).ok)
    except (DockerException, requests.RequestException):
        return False


def gather(client: docker.DockerClient, names: Iterable[str], reporter: StatusReporter) -> tuple[str, list[NodeImage]]:
    """Make sure the engine has the node image and an image for every name.

    Args:
        client: The host's engine.
        names: Official names.
        story: Where to show it.

    Returns:
        The node image's tag, and what the names stand for.

    Raises:
        HostError: An image can neither be pulled nor built.

    """
    recipes = recipe.stand_ins()
    wanted = sorted({*names})
    with reporter.step("Asking for an image registry") as tell:
        online = registry_answers(client)
        tell("one answers" if online else "none answers, so images are built from Debian's packages")
    real = _real(client, wanted, online, reporter)
    recipe.require_makeable(wanted, real)
    _make_base(client, online, reporter)
    stand_ins = {recipes[name] for name in wanted if name not in real}
    tags = recipe.tags(debian_base.ingredients())
    _build_all(client, recipe.with_bases([recipe.all_recipes()[recipe.NODE], *stand_ins]), tags, reporter)
    contents = [
        _content(client, name, name, None)
        if name in real
        else _content(client, name, tags[recipes[name].name], recipes[name])
        for name in wanted
    ]
    return tags[recipe.NODE], contents


def _real(client: docker.DockerClient, names: Sequence[str], online: bool, reporter: StatusReporter) -> set[str]:
    may = recipe.pullable(names)
    found = {name for name in may if _has(client, name)}
    missing = [name for name in may if name not in found]
    if online and missing:
        stop = threading.Event()
        with (
            reporter.step(f"Pulling {len(missing)} images") as tell,
            ThreadPoolExecutor(build_scheduler.AT_ONCE) as pool,
        ):
            try:
                for name, pulled in zip(missing, pool.map(lambda one: _pull(client, one, stop), missing), strict=True):
                    tell(name)
                    found |= {name} if pulled else set()
            except BaseException:
                # Else the pool would wait for pulls that can take minutes.
                stop.set()
                raise
    return found


def _has(client: docker.DockerClient, name: str) -> bool:
    try:
        client.api.inspect_image(name)
    except ImageNotFound:
        return False
    return True


def _pull(client: docker.DockerClient, name: str, stop: threading.Event) -> bool:
    repository, tag = name.rsplit(":", 1)
    try:
        for _ in client.api.pull(repository, tag=tag, stream=True):
            if stop.is_set():
                raise _StoppedError
        return _has(client, name)
    except (DockerException, requests.RequestException):
        # A pull limit or a lost connection: a stand-in serves where there is a recipe.
        return False


def _make_base(client: docker.DockerClient, online: bool, reporter: StatusReporter) -> None:
    made_of = recipe.all_recipes()[recipe.BASE]
    tag = recipe.tags(debian_base.ingredients())[recipe.BASE]
    if _has(client, tag):
        return
    with reporter.step("Making the Debian base") as tell:
        root = _ROOT
        if not (_has(client, root) or (online and _pull(client, root, threading.Event()))):
            root = f"labs/root:{debian_base.RELEASE}"
            if not _has(client, root):
                _import_root(client, root, tell)
        _build(client, made_of, tag, {"ROOT": root}, _machines_own(root), tell)


def _machines_own(root: str) -> dict[str, bytes]:
    extra = debian_base.extra_files()
    if debian_base.SOURCES_FILE in extra and root == _ROOT:
        # The pulled image's own list would be asked beside ours.
        extra |= {"sources/sources.list.d/": b"", "sources/sources.list.d/debian.sources": b""}
    return extra


def _import_root(client: docker.DockerClient, tag: str, tell: DetailCallback) -> None:
    archive = debian_base.bootstrap(tell)
    try:
        repository, version = tag.split(":")
        with host_engine.explained("importing the Debian base"):
            client.api.import_image_from_file(str(archive), repository=repository, tag=version)
    finally:
        archive.unlink()


def _build_all(
    client: docker.DockerClient, recipes: Sequence[Recipe], tags: Mapping[str, str], reporter: StatusReporter
) -> None:
    missing = [one for one in recipes if not _has(client, tags[one.name])]
    if not missing:
        return
    stop = threading.Event()
    with reporter.step("Building an image" if len(missing) == 1 else f"Building {len(missing)} images") as tell:

        def build(one: Recipe) -> None:
            def say(detail: str) -> None:
                if stop.is_set():
                    raise _StoppedError
                tell(f"{one.name}: {detail}")

            _build(client, one, tags[one.name], {"BASE": tags[one.on]}, {}, say)

        build_scheduler.build(missing, build, stop.set)


def _build(
    client: docker.DockerClient,
    one: Recipe,
    tag: str,
    arguments: dict[str, str],
    extra: dict[str, bytes],
    tell: DetailCallback,
) -> None:
    said = []
    step = ""
    with host_engine.explained(f"building {tag}"):
        stream = client.api.build(
            fileobj=_context(one, extra),
            custom_context=True,
            tag=tag,
            buildargs={**debian_base.proxies(), **arguments},
            labels={**labels.IMAGES, labels.RECIPE: one.name, labels.STAND_IN: one.about},
            rm=True,
            forcerm=True,
            decode=True,
        )
        for message in stream:
            text = message.get("stream", "")
            said.append(text)
            if text.startswith("Step "):
                step = text.split(" : ")[0]
            tell(step)
            if "error" in message:
                raise host_engine.failure(f"building {tag}", message["error"].strip(), "".join(said)[-3000:])


def _context(one: Recipe, extra: dict[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in one.files():
            archive.add(path, str(path.relative_to(one.folder)))
        for name, data in extra.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.type, entry.mode = (tarfile.DIRTYPE, 0o755) if name.endswith("/") else (tarfile.REGTYPE, 0o644)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    buffer.seek(0)
    return buffer


def _content(client: docker.DockerClient, name: str, tag: str, made_of: Recipe | None) -> NodeImage:
    details = client.api.inspect_image(tag)
    stand_in, version = (made_of.about, recipe.version(made_of.name)) if made_of else ("", "")
    return NodeImage(name, details["Id"], stand_in, details["Size"], version)
