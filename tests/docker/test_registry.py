"""Nodes that see a registry on their network: the hub is then a mirror, and no longer all there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import LabsRunner
from tests.docker.conftest import run_docker

NAMES = ("registry-1.docker.io", "docker.io", "auth.docker.io")


@pytest.fixture
def outside(labs: LabsRunner, environment: dict[str, str]) -> Iterator[str]:
    """Have a registry that answers as Docker Hub on the cluster's network, as the real one would from outside.

    It is the hub's own program with its own store, reached by the names that only the outside has.
    """
    assert 0 == labs("start", "solo").returncode
    assert 0 == labs("stop", "solo").returncode
    project = environment["LABS_PROJECT"]
    hub = f"{project}-solo-hub"
    image = run_docker("inspect", "--format", "{{.Image}}", hub)
    store = run_docker("inspect", "--format", "{{(index .HostConfig.Binds 0)}}", hub)
    name = f"{project}-outside"
    aliases = [option for alias in NAMES for option in ("--network-alias", alias)]
    network = ["--network", f"{project}-solo", *aliases]
    run_docker("run", "--detach", "--name", name, *network, "--tmpfs", "/run", "--volume", store, image, "labs-mirror")
    yield name
    run_docker("rm", "--force", name)
    labs("rm", "solo")


def test_the_hub_is_a_mirror_where_a_registry_answers(
    labs: LabsRunner, environment: dict[str, str], outside: str
) -> None:
    """A node that reaches a registry asks the hub first, and that registry for what the hub does not have."""
    assert 0 == labs("start", "solo").returncode
    log = run_docker("logs", f"{environment['LABS_PROJECT']}-solo-node1")
    assert "registry: online, the registry mirror is asked first" in log
    mirrors = labs("exec", "node1", "--", "docker", "info", "--format", "{{.RegistryConfig.Mirrors}}")
    assert "[https://mirror/]\n" == mirrors.stdout
    script = "docker image rm busybox:latest 2>&1; docker pull --quiet busybox:latest"
    pulled = labs("exec", "node1", "--", "sh", "-c", script)
    assert 0 == pulled.returncode, pulled.stderr
    # With the hub gone, only the registry outside can have given it.
    run_docker("kill", f"{environment['LABS_PROJECT']}-solo-hub")
    pulled = labs("exec", "node1", "--", "sh", "-c", script)
    assert 0 == pulled.returncode, pulled.stderr


def test_images_that_the_engine_has_are_taken_as_they_are(labs: LabsRunner) -> None:
    """Where the host's engine has an image of an official name already, that is the one the nodes get."""
    name = "redis:alpine"
    if run_docker("images", "--quiet", name):
        pytest.skip(f"this engine has a real {name}")
    run_docker("tag", run_docker("images", "--quiet", "--filter", "label=labs.recipe=busybox").split()[0], name)
    own = {"LABS_PROJECT": "labs-test-real"}
    try:
        assert 0 == labs("images", "build", "trio", env=own).returncode
        listed = labs("images", "list", env=own).stdout.splitlines()
        assert "official" == next(line for line in listed if line.startswith(name)).split()[1]
    finally:
        run_docker("rmi", name)
        labs("rm", "--all", env=own)
