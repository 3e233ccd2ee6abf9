"""Finding clusters where one driver cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click
import pytest

from runner.cli import play, reset
from runner.clusters import lookup, provision, run_records, selection
from runner.errors import HostError, UsageError
from runner.nodes.driver_interface import Cluster, ClusterId, NodeImage
from tests import helpers


@dataclass(frozen=True, slots=True)
class Asked:
    """A driver with these clusters and images, or one that cannot be asked."""

    clusters: tuple[Cluster, ...] = ()
    contents: tuple[NodeImage, ...] = ()
    refusal: str = ""

    def list_clusters(self) -> list[Cluster]:
        """Return the clusters."""
        if self.refusal:
            raise HostError(self.refusal, "Mend it.")
        return list(self.clusters)

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return the images."""
        if self.refusal:
            raise HostError(self.refusal, "Mend it.")
        return self.contents


NONE = Asked(refusal="No engine answers.")
IMAGE = NodeImage("busybox:latest", "id", "", 1)


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def _drivers(monkeypatch: pytest.MonkeyPatch, *drivers: Asked) -> None:
    for which in ("load_drivers", "load_drivers_with_clusters"):
        monkeypatch.setattr(selection, which, lambda: list(drivers))


def test_another_drivers_clusters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Clusters of one driver are found without the other, also where its images fit this version no more."""
    standing = helpers.make_local_cluster(tmp_path)
    _drivers(monkeypatch, NONE, Asked((standing,)))
    assert (standing,) == lookup.survey_clusters().require_all()


def test_another_drivers_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has one driver's images need not hear of the other, and whoever has none does."""
    _drivers(monkeypatch, NONE, Asked(contents=(IMAGE,)))
    assert () == lookup.survey_clusters().require_all()
    _drivers(monkeypatch, NONE, Asked())
    with pytest.raises(HostError, match="No engine answers"):
        lookup.survey_clusters().require_all()


def test_a_recorded_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a lab was started on a driver that cannot be asked now, that is told, until its start is undone."""
    _drivers(monkeypatch, NONE, Asked(contents=(IMAGE,)))
    lab = helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    provision.provision_cluster(lab, helpers.make_local_cluster(tmp_path))
    with pytest.raises(HostError, match="No engine answers"):
        lookup.survey_clusters().require_all()
    run_records.unmark_started(ClusterId("tiny"))
    assert () == lookup.survey_clusters().require_all()


def test_runs_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The cluster of another run is found by its own name and run, also where the lab's own stands before it."""
    own = helpers.make_local_cluster(tmp_path)
    other = replace(own, id=ClusterId("tiny", "verify"))
    _drivers(monkeypatch, Asked((own, other)))
    assert [own, other, other] == [
        lookup.survey_clusters().require_cluster("tiny"),
        lookup.survey_clusters().require_cluster("tiny.verify"),
        lookup.survey_clusters().require_cluster("tiny", run="verify"),
    ]


@pytest.mark.parametrize("command", [play.command, reset.command], ids=["play", "reset"])
def test_another_commands_cluster(command: click.Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A learner's commands type nothing on what `labs verify` has made, and throw none of it away."""
    other = replace(helpers.make_local_cluster(tmp_path), id=ClusterId("tiny", "verify"))
    _drivers(monkeypatch, Asked((other,)))
    with pytest.raises(UsageError, match=r"'tiny\.verify' belongs to another command") as refused:
        command.main(["tiny.verify"], standalone_mode=False)
    assert "'labs rm tiny.verify' removes it." == refused.value.advice


def test_several(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where several labs are started, whoever names none is told how to."""
    _drivers(monkeypatch, Asked((helpers.make_local_cluster(tmp_path), helpers.make_local_cluster(tmp_path, lab="toy"))))
    with pytest.raises(UsageError, match=r"More than one lab is started: tiny, toy\.") as refused:
        lookup.survey_clusters().require_cluster(None)
    assert "Name one of them, as in 'labs check tiny' or 'labs shell node1 --lab tiny'." == refused.value.advice
