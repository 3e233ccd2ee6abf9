"""Brings images into buildah's storage: what a registry gives, stand-ins built from recipes, and the machine's own."""

from __future__ import annotations

import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from runner import paths
from runner.drivers.common import build_scheduler
from runner.drivers.uml import artifacts, buildah
from runner.drivers.uml.buildah import Buildah
from runner.errors import HostError
from runner.images import debian_base, recipe
from runner.images.recipe import Recipe
from runner.nodes.driver_interface import NodeImage
from runner.status import DetailCallback, StatusReporter

_ROOT = f"labs/root:{debian_base.RELEASE}"
_HUB = "docker.io"
_REGISTRY = "https://registry-1.docker.io/v2/"
# A registry that answers does so in a fraction of this; a dead name server can take minutes.
_REGISTRY_SECONDS = 2.0


def registry_answers() -> bool:
    """Whether Docker Hub's registry answers, if only to ask who we are."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            urllib.request.urlopen(_REGISTRY, timeout=_REGISTRY_SECONDS).close()
            answers.append(True)
        except urllib.error.HTTPError as error:
            answers.append("docker-distribution-api-version" in error.headers)
        except (OSError, ValueError):
            answers.append(False)

    # Looking up the name knows no time limit of its own, so it is left behind if need be.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_REGISTRY_SECONDS)
    return answers == [True]


def gather(storage: Buildah, names: Sequence[str], reporter: StatusReporter) -> tuple[str, list[NodeImage]]:
    """Make sure the storage has the machine image and an image for every name.

    Args:
        storage: Where images are kept.
        names: Official names.
        story: Where to show it.

    Returns:
        The machine image's id, and what the names stand for.

    Raises:
        HostError: An image can neither be pulled nor built.

    """
    with reporter.step("Asking for an image registry") as tell:
        online = registry_answers()
        tell("one answers" if online else "none answers, so images are built from Debian's packages")
    real = _real(storage, names, online, reporter)
    recipe.require_makeable(names, real)
    recipes, tags = recipe.stand_ins(), recipe.tags(debian_base.ingredients())
    _make_base(storage, tags[recipe.BASE], reporter)
    stand_ins = {recipes[name] for name in names if name not in real}
    needed = recipe.with_bases([recipe.all_recipes()[recipe.VM], *stand_ins])
    _build_all(storage, needed, tags, reporter)
    images = storage.images()
    contents = []
    for name in names:
        image = images[_full(name) if name in real else tags[recipes[name].name]]
        about, version = ("", "") if name in real else (recipes[name].about, recipe.version(recipes[name].name))
        contents.append(NodeImage(name, image.id, about, image.size, version))
    return images[tags[recipe.VM]].id, contents


def prune(everything: bool) -> int:
    """Remove images that this version of labs no longer builds from; the images' lock must be held.

    Args:
        everything: Also those that it does.

    Returns:
        How many are gone.

    """
    if not shutil.which("buildah"):
        # The parts came from another machine.
        return 0
    found = artifacts.find()
    real = [_full(content.name) for content in found.contents if not content.stand_in] if found else []
    return buildah.prune([] if everything else [_ROOT, *recipe.tags(debian_base.ingredients()).values(), *real])


def _full(name: str) -> str:
    return f"{_HUB}/{official(name)}"


def official(name: str) -> str:
    """Return an image's whole name as Docker Hub knows it, without the hub itself."""
    return name if "/" in name else f"library/{name}"


def _real(storage: Buildah, names: Sequence[str], online: bool, reporter: StatusReporter) -> set[str]:
    images, may = storage.images(), recipe.pullable(names)
    found = {name for name in may if _full(name) in images}
    missing = [name for name in may if name not in found]
    if online and missing:
        with (
            reporter.step(f"Pulling {len(missing)} images") as tell,
            ThreadPoolExecutor(build_scheduler.AT_ONCE) as pool,
        ):
            try:
                for name, pulled in zip(missing, pool.map(lambda one: _pull(storage, one), missing), strict=True):
                    tell(name)
                    found |= {name} if pulled else set()
            except BaseException:
                storage.commands.stop()
                raise
    return found


def _pull(storage: Buildah, name: str) -> bool:
    try:
        storage.run("pull", "--quiet", f"docker://{_full(name)}", doing=f"pulling {name}")
    except HostError:
        # A pull limit or a lost connection: a stand-in serves where there is a recipe.
        return False
    return True


def _make_base(storage: Buildah, tag: str, reporter: StatusReporter) -> None:
    images = storage.images()
    if tag in images:
        return
    with reporter.step("Making the Debian base") as tell:
        if _ROOT not in images:
            _make_root(storage, tell)
        tell("certificates and mirrors")
        with _context(recipe.all_recipes()[recipe.BASE].folder) as folder:
            for name, data in debian_base.extra_files().items():
                if name.endswith("/"):
                    (folder / name).mkdir(exist_ok=True)
                else:
                    (folder / name).write_bytes(data)
            storage.build(folder, tag, {"ROOT": _ROOT})


def _make_root(storage: Buildah, tell: DetailCallback) -> None:
    # What a killed build has left.
    for left in paths.cache_folder().glob("root-*.tar"):
        left.unlink(missing_ok=True)
    archive = debian_base.bootstrap(tell)
    try:
        with _context() as folder:
            archive.rename(folder / "root.tar")
            (folder / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n", "utf-8")
            storage.build(folder, _ROOT, {})
    finally:
        archive.unlink(missing_ok=True)


@contextmanager
def _context(source: Path | None = None) -> Iterator[Path]:
    """Give a folder to build from, which begins as a copy of another one."""
    folder = artifacts.cache() / "context"
    shutil.rmtree(folder, ignore_errors=True)
    if source:
        shutil.copytree(source, folder)
    else:
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build_all(storage: Buildah, recipes: Sequence[Recipe], tags: dict[str, str], reporter: StatusReporter) -> None:
    images = storage.images()
    missing = [one for one in recipes if tags[one.name] not in images]
    if not missing:
        return
    with reporter.step("Building an image" if len(missing) == 1 else f"Building {len(missing)} images") as tell:

        def build(one: Recipe) -> None:
            base_image = {"BASE": tags[one.on]}
            storage.build(one.folder, tags[one.name], base_image, lambda step: tell(f"{one.name}: {step}"))

        build_scheduler.build(missing, build, storage.commands.stop)
