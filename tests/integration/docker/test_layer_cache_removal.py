"""Tests of which layer caches `labs rm --all` and `labs images prune` keep, on a real engine."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.interrupted_start import interrupt_start
from tests.support.labs_command import LabsRunner, remove_project

OLD_LABEL = "labs.store"


def list_volumes(project: str) -> list[str]:
    """Return the names of a project's volumes."""
    return run_docker("volume", "ls", "--quiet", "--filter", f"label=labs.project={project}").split()


@pytest.fixture
def other(environment: dict[str, str]) -> Iterator[str]:
    """Return the name of another project, which has nothing on the engine before and after the test."""
    project = f"{environment['LABS_PROJECT']}-other"
    yield project
    remove_project(environment, project)
    assert [] == list_volumes(project)


@pytest.mark.usefixtures("clean")
def test_rm_all_keeps_the_layer_cache(labs: LabsRunner, environment: dict[str, str]) -> None:
    """After rm --all, only the layer cache of a project remains, and the next start uses it unchanged."""
    project = environment["LABS_PROJECT"]
    assert 0 == labs("start", "trio").returncode
    project_filter = ("--quiet", "--filter", f"label=labs.project={project}")
    assert 0 == labs("rm", "--all").returncode
    assert ["", ""] == [run_docker("ps", "--all", *project_filter), run_docker("network", "ls", *project_filter)]
    caches = list_volumes(project)
    assert 1 == len(caches)
    started = labs("start", "trio")
    assert 0 == started.returncode, started.stderr
    assert "Probing" in started.stderr
    assert "Filling" not in started.stderr
    assert caches == [name for name in list_volumes(project) if "layer-cache" in name]


def test_dead_projects_lose_their_layer_cache(labs: LabsRunner, environment: dict[str, str], other: str) -> None:
    """The layer cache of a project with a cluster is kept by rm --all, and that of a dead project is removed."""
    assert 0 == labs("start", "solo", env={"LABS_PROJECT": other}).returncode
    assert 0 == labs("rm", "--all").returncode
    assert 0 == labs("status", env={"LABS_PROJECT": other}).returncode
    assert any("layer-cache" in name for name in list_volumes(other))
    assert 0 == labs("rm", "solo", env={"LABS_PROJECT": other}).returncode
    assert 1 == len(list_volumes(other))
    assert 0 == labs("rm", "--all").returncode
    assert [] == list_volumes(other)
    assert 1 == len(list_volumes(environment["LABS_PROJECT"]))


def test_doctor_without_layer_cache(labs: LabsRunner, other: str) -> None:
    """In a project without a layer cache, doctor says that the engine has the images already, and probes with them."""
    result = labs("doctor", env={"LABS_PROJECT": other, "LABS_DRIVER": "docker"})
    assert 0 == result.returncode, result.stdout
    assert "stand-in images built, but not in a layer cache of this project yet" in result.stdout
    assert "'labs start' adds what a lab needs, without building it again." in result.stdout
    assert "not built yet" not in result.stdout
    assert "cgroups" in result.stdout


def test_a_killed_build_leaves_no_layer_cache(labs: LabsRunner, environment: dict[str, str], other: str) -> None:
    """The leftovers of a killed build are removed by the next rm --all of its project."""
    variables = {**environment, "LABS_PROJECT": other}
    interrupt_start(lambda: bool(list_volumes(other)), signal.SIGKILL, ["solo"], variables)
    assert list_volumes(other)
    assert 0 == labs("rm", "--all", env=variables).returncode
    assert [] == list_volumes(other)


def test_layer_caches_of_earlier_versions_are_removed(
    labs: LabsRunner, environment: dict[str, str], other: str
) -> None:
    """Layer caches with the labels of earlier versions are removed, of this project and of dead projects."""
    project_name = environment["LABS_PROJECT"]
    before = list_volumes(project_name)
    for project in (project_name, other):
        run_docker("volume", "create", "--label", f"labs.project={project}", "--label", f"{OLD_LABEL}=yes")
    assert 0 == labs("rm", "--all").returncode
    assert (before, []) == (list_volumes(project_name), list_volumes(other))
