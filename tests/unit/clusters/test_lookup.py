"""Finding clusters, even if one of the drivers cannot list its clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click
import pytest

from runner.cli import play, reset
from runner.clusters import lookup, provision, run_records, selection
from runner.errors import HostError, UsageError
from runner.nodes.driver_interface import Cluster, ClusterId, NodeImage
from tests.support import helpers, local_nodes


@dataclass(frozen=True, slots=True)
class FakeDriver:
    """A driver with these clusters and images, or one whose engine does not answer."""

    clusters: tuple[Cluster, ...] = ()
    images: tuple[NodeImage, ...] = ()
    refusal: str = ""

    def list_clusters(self) -> list[Cluster]:
        """Return the clusters."""
        if self.refusal:
            raise HostError(self.refusal, "Start it.")
        return list(self.clusters)

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return the images."""
        if self.refusal:
            raise HostError(self.refusal, "Start it.")
        return self.images


UNREACHABLE = FakeDriver(refusal="No engine answers.")
IMAGE = NodeImage("busybox:latest", "id", "", 1)


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def _use_drivers(monkeypatch: pytest.MonkeyPatch, *drivers: FakeDriver) -> None:
    for name in ("load_allowed_drivers", "load_drivers_with_clusters"):
        monkeypatch.setattr(selection, name, lambda: list(drivers))


def test_clusters_of_reachable_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The clusters of one driver are found without the other, even if it has no images for this version."""
    cluster = local_nodes.make_local_cluster(tmp_path)
    _use_drivers(monkeypatch, UNREACHABLE, FakeDriver((cluster,)))
    assert (cluster,) == lookup.survey_clusters().require_all_clusters()


def test_images_of_reachable_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a driver is only shown if no other driver has images."""
    _use_drivers(monkeypatch, UNREACHABLE, FakeDriver(images=(IMAGE,)))
    assert () == lookup.survey_clusters().require_all_clusters()
    _use_drivers(monkeypatch, UNREACHABLE, FakeDriver())
    with pytest.raises(HostError, match="No engine answers"):
        lookup.survey_clusters().require_all_clusters()


def test_started_cluster_of_unreachable_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If a lab was started on a driver that does not answer now, its error is shown until the start is undone."""
    _use_drivers(monkeypatch, UNREACHABLE, FakeDriver(images=(IMAGE,)))
    lab = helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    provision.provision_cluster(lab, local_nodes.make_local_cluster(tmp_path))
    with pytest.raises(HostError, match="No engine answers"):
        lookup.survey_clusters().require_all_clusters()
    run_records.unmark_started(ClusterId("tiny"))
    assert () == lookup.survey_clusters().require_all_clusters()


def test_other_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The cluster of another run is found by its name or by its run, next to the lab's main cluster."""
    main_cluster = local_nodes.make_local_cluster(tmp_path)
    verify_cluster = replace(main_cluster, id=ClusterId("tiny", "verify"))
    _use_drivers(monkeypatch, FakeDriver((main_cluster, verify_cluster)))
    assert [main_cluster, verify_cluster, verify_cluster] == [
        lookup.survey_clusters().require_cluster("tiny"),
        lookup.survey_clusters().require_cluster("tiny.verify"),
        lookup.survey_clusters().require_cluster("tiny", run="verify"),
    ]


@pytest.mark.parametrize("command", [play.command, reset.command], ids=["play", "reset"])
def test_another_commands_cluster(command: click.Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A learner's commands refuse to change a cluster that `labs verify` created."""
    other = replace(local_nodes.make_local_cluster(tmp_path), id=ClusterId("tiny", "verify"))
    _use_drivers(monkeypatch, FakeDriver((other,)))
    with pytest.raises(UsageError, match=r"'tiny\.verify' belongs to another command") as caught:
        command.main(["tiny.verify"], standalone_mode=False)
    assert "'labs rm tiny.verify' removes it." == caught.value.advice


def test_several_clusters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If several labs are started and the user names none, the error shows how to name one."""
    clusters = local_nodes.make_local_cluster(tmp_path), local_nodes.make_local_cluster(tmp_path, lab="toy")
    _use_drivers(monkeypatch, FakeDriver(clusters))
    with pytest.raises(UsageError, match=r"More than one lab is started: tiny, toy\.") as caught:
        lookup.survey_clusters().require_cluster(None)
    assert "Name one of them, as in 'labs check tiny' or 'labs shell node1 --lab tiny'." == caught.value.advice
