"""Tests of how a driver is selected, and of the reason that users see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runner.clusters import selection
from runner.errors import HostError, UsageError
from runner.images.bundle import BundleTarget
from runner.lessons.model import Lab
from runner.nodes.driver_capabilities import CapacityPlanner, ImageArchiver, ProbeCache, UnusedCacheRemover
from runner.nodes.driver_interface import Cluster, NodeImage
from runner.status import StatusReporter
from tests.support import helpers, local_nodes


@dataclass(frozen=True, slots=True)
class FakeDriver:
    """A driver that supports every lab, or says why it does not."""

    name: str
    refusal: str = ""

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Return a reason, or raise the refusal."""
        if self.refusal:
            raise HostError(self.refusal, f"Fix {self.name}.")
        return f"{self.name} is available"


@dataclass(frozen=True, slots=True)
class ImportingDriver(FakeDriver):
    """A driver without the programs to build images, which can or cannot use imported ones."""

    import_refusal: str = ""

    def check_import_support(self) -> None:
        """Raise the refusal, if there is one."""
        if self.import_refusal:
            raise HostError(self.import_refusal, f"Fix {self.name}.")

    def describe_bundle_target(self) -> BundleTarget:
        """Return a target."""
        return BundleTarget(self.name, "x86_64", "1")

    def export_images(self, file: Path, reporter: StatusReporter) -> tuple[NodeImage, ...]:
        """Export nothing."""
        return ()

    def import_images(self, file: Path, reporter: StatusReporter) -> None:
        """Import nothing."""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab."""
    return helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")


def _replace_drivers(monkeypatch: pytest.MonkeyPatch, docker: str = "", uml: str = "") -> None:
    drivers = {"docker": FakeDriver("docker", docker), "uml": FakeDriver("uml", uml)}
    monkeypatch.delenv("LABS_DRIVER", raising=False)
    monkeypatch.setattr(selection, "load_allowed_drivers", lambda: list(drivers.values()))
    monkeypatch.setattr(selection, "load_driver", drivers.__getitem__)


@pytest.mark.parametrize(
    ("docker", "chosen", "reason"),
    [
        ("", "docker", "docker is available"),
        ("No engine answers.", "uml", "uml is available. Driver docker cannot run it: No engine answers"),
    ],
)
def test_first_supporting(docker: str, chosen: str, reason: str, monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """The docker driver is preferred; where it cannot run the lab, uml is chosen and the reason says why."""
    _replace_drivers(monkeypatch, docker)
    choice = selection.choose_driver(lab, None, None)
    assert (chosen, reason) == (choice.driver.name, choice.reason)


def test_none_supports(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """If no driver can run the lab, the error lists what is missing for each driver and how to fix it."""
    _replace_drivers(monkeypatch, "No engine answers.", "No namespaces.")
    with pytest.raises(HostError, match="No driver can run 'tiny' on this host") as caught:
        selection.choose_driver(lab, None, None)
    assert [
        "  driver docker: No engine answers. Fix docker.",
        "  driver uml: No namespaces. Fix uml.",
    ] == caught.value.message.splitlines()[1:]


def test_import_without_build_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images are imported for the first driver that could run nodes with them, even if it cannot build any."""
    docker = ImportingDriver("docker", "No engine.", "No engine answers.")
    uml = ImportingDriver("uml", "buildah is missing.")
    monkeypatch.setattr(selection, "load_allowed_drivers", lambda: [docker, uml])
    assert "uml" == selection.choose_driver_for_import(None).name
    monkeypatch.setattr(selection, "load_allowed_drivers", lambda: [docker])
    with pytest.raises(HostError, match=r"driver docker: No engine answers\. Fix docker\."):
        selection.choose_driver_for_import(None)


def test_advice_to_import(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """If no driver can run a lab and a server with image bundles is configured, the advice names the command."""
    _replace_drivers(monkeypatch, "No engine answers.", "buildah is missing.")
    monkeypatch.setenv("LABS_BUNDLES_URL", "https://labs.example.org/bundles/")
    with pytest.raises(HostError) as caught:
        selection.choose_driver(lab, None, None)
    assert caught.value.advice.endswith("run 'labs images import'.")


def test_requested_driver(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """A requested driver is chosen even if another one is preferred."""
    _replace_drivers(monkeypatch)
    assert "uml" == selection.choose_driver(lab, "uml", None).driver.name


def test_started_lab_keeps_its_driver(monkeypatch: pytest.MonkeyPatch, lab: Lab, tmp_path: Path) -> None:
    """A started lab stays on the driver that created its cluster; a request for another one is refused."""
    _replace_drivers(monkeypatch, uml="No memory.")
    cluster: Cluster = replace(local_nodes.make_local_cluster(tmp_path), driver="uml")
    for requested in (None, "uml"):
        assert "uml" == selection.choose_driver(lab, requested, cluster).driver.name
    with pytest.raises(HostError, match="'tiny' runs on the driver uml and cannot move to docker"):
        selection.choose_driver(lab, "docker", cluster)


def test_unknown_driver() -> None:
    """An unknown driver name is an error that suggests the nearest name."""
    with pytest.raises(UsageError, match="unl"):
        selection.load_driver("unl")


@pytest.mark.parametrize("variable", ["docker", "uml"])
def test_driver_variable(variable: str, monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """LABS_DRIVER excludes all other drivers, even requested ones."""
    monkeypatch.setenv("LABS_DRIVER", variable)
    assert [variable] == [driver.name for driver in selection.load_allowed_drivers()]
    other = "uml" if variable == "docker" else "docker"
    with pytest.raises(UsageError, match=f"LABS_DRIVER allows only the driver {variable}"):
        selection.choose_driver(lab, other, None)


def test_unknown_driver_in_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """LABS_DRIVER with an unknown name is an error."""
    monkeypatch.setenv("LABS_DRIVER", "unl")
    with pytest.raises(UsageError, match="LABS_DRIVER is 'unl'"):
        selection.load_allowed_drivers()


def test_without_clusters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A driver is not loaded to list clusters that it certainly does not have."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.delenv("LABS_DRIVER", raising=False)
    assert ["docker"] == [driver.name for driver in selection.load_drivers_with_clusters()]


def test_properties() -> None:
    """Untrusted code runs on VMs by default, and so does everything on a host without a Docker Engine."""
    assert "uml" == selection.get_isolated_driver_name()
    assert "uml" == selection.get_driver_name_for_other_host(has_engine=False)
    assert "docker" == selection.get_driver_name_for_other_host(has_engine=True)


@pytest.mark.parametrize(
    ("name", "capabilities"),
    [("docker", {ImageArchiver, ProbeCache, UnusedCacheRemover}), ("uml", {CapacityPlanner, ImageArchiver})],
)
def test_capabilities(name: str, capabilities: set[type]) -> None:
    """Each driver has exactly the optional capabilities that mean something for it."""
    optional = (ProbeCache, CapacityPlanner, ImageArchiver, UnusedCacheRemover)
    assert capabilities == {
        capability for capability in optional if isinstance(selection.load_driver(name), capability)
    }
