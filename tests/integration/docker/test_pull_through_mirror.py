"""Nodes with a registry on their network: the registry mirror is then a pull-through mirror of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.helpers import FRONT_MATTER, write_lab
from tests.support.labs_command import LabsRunner, remove_project

NAMES = ("registry-1.docker.io", "docker.io", "auth.docker.io")


@pytest.fixture
def outside_registry(labs: LabsRunner, environment: dict[str, str]) -> Iterator[str]:
    """Start a registry on the cluster's network that answers under the names of Docker Hub.

    It runs the same program and has the same layer cache as the cluster's registry mirror.
    """
    assert 0 == labs("start", "solo").returncode
    assert 0 == labs("stop", "solo").returncode
    project = environment["LABS_PROJECT"]
    mirror = f"{project}-solo-mirror"
    image = run_docker("inspect", "--format", "{{.Image}}", mirror)
    layer_cache = run_docker("inspect", "--format", "{{(index .HostConfig.Binds 0)}}", mirror)
    name = f"{project}-outside"
    aliases = [option for alias in NAMES for option in ("--network-alias", alias)]
    network = ["--network", f"{project}-solo", *aliases]
    run_docker(
        "run", "--detach", "--name", name, *network, "--tmpfs", "/run", "--volume", layer_cache, image, "labs-mirror"
    )
    yield name
    run_docker("rm", "--force", name)
    labs("rm", "solo")


def test_mirror_with_a_reachable_registry(labs: LabsRunner, environment: dict[str, str], outside_registry: str) -> None:
    """A node that reaches a registry asks the registry mirror first, and then that registry for missing images."""
    assert 0 == labs("start", "solo").returncode
    log = run_docker("logs", f"{environment['LABS_PROJECT']}-solo-node1")
    assert "registry: online, the registry mirror is asked first" in log
    mirrors = labs("exec", "node1", "--", "docker", "info", "--format", "{{.RegistryConfig.Mirrors}}")
    assert "[https://mirror/]\n" == mirrors.stdout
    script = "docker image rm busybox:latest 2>&1; docker pull --quiet busybox:latest"
    pulled = labs("exec", "node1", "--", "sh", "-c", script)
    assert 0 == pulled.returncode, pulled.stderr
    # Without the registry mirror, only the outside registry can provide the image.
    run_docker("kill", f"{environment['LABS_PROJECT']}-solo-mirror")
    pulled = labs("exec", "node1", "--", "sh", "-c", script)
    assert 0 == pulled.returncode, pulled.stderr


def test_images_of_the_host_engine_are_used(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """If the host engine has an image with an official name, the nodes get that image."""
    # No other test uses this name, because the image exists for tests that run at the same time too.
    name = "haproxy:alpine"
    write_lab(tmp_path, FRONT_MATTER.replace("[]", f"['{name}']") + "## Look {#look}\n")
    if run_docker("images", "--quiet", name):
        pytest.skip(f"this engine has a real {name}")
    run_docker("tag", run_docker("images", "--quiet", "--filter", "label=labs.recipe=busybox").split()[0], name)
    variables = {"LABS_PROJECT": f"{environment['LABS_PROJECT']}-real", "LABS_ROOT": str(tmp_path)}
    try:
        assert 0 == labs("images", "build", "tiny", env=variables).returncode
        listed = labs("images", "list", env=variables).stdout.splitlines()
        assert "official" == next(line for line in listed if line.startswith(name)).split()[1]
    finally:
        run_docker("rmi", name)
        remove_project(environment, variables["LABS_PROJECT"])
