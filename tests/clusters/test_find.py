"""Finding clusters where one driver cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.clusters import find, scene
from runner.clusters.driver import Cluster, ClusterId, NodeImage
from runner.drivers import choice
from runner.errors import UnfitError
from tests import kit


@dataclass(frozen=True, slots=True)
class Asked:
    """A driver with these clusters and images, or one that cannot be asked."""

    clusters: tuple[Cluster, ...] = ()
    contents: tuple[NodeImage, ...] = ()
    refusal: str = ""

    def find(self) -> list[Cluster]:
        """Return the clusters."""
        if self.refusal:
            raise UnfitError(self.refusal, "Mend it.")
        return list(self.clusters)

    def images(self) -> tuple[NodeImage, ...]:
        """Return the images."""
        if self.refusal:
            raise UnfitError(self.refusal, "Mend it.")
        return self.contents


NONE = Asked(refusal="No engine answers.")
IMAGE = NodeImage("busybox:latest", "id", "", 1)


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kit.own_folders(monkeypatch, tmp_path)


def _drivers(monkeypatch: pytest.MonkeyPatch, *drivers: Asked) -> None:
    for which in ("all_drivers", "that_can_have_clusters"):
        monkeypatch.setattr(choice, which, lambda: list(drivers))


def test_another_drivers_clusters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Clusters of one driver are found without the other, also where its images fit this version no more."""
    standing = kit.cluster(tmp_path)
    _drivers(monkeypatch, NONE, Asked((standing,)))
    assert [standing] == find.all_clusters()


def test_another_drivers_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has one driver's images need not hear of the other, and whoever has none does."""
    _drivers(monkeypatch, NONE, Asked(contents=(IMAGE,)))
    assert [] == find.all_clusters()
    _drivers(monkeypatch, NONE, Asked())
    with pytest.raises(UnfitError, match="No engine answers"):
        find.all_clusters()


def test_a_recorded_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a lab was started on a driver that cannot be asked now, that is told, until its start is undone."""
    _drivers(monkeypatch, NONE, Asked(contents=(IMAGE,)))
    lab = kit.lab(tmp_path, f"{kit.FRONT}## Look {{#look}}\n")
    scene.set_up(lab, kit.cluster(tmp_path))
    with pytest.raises(UnfitError, match="No engine answers"):
        find.all_clusters()
    scene.undone(ClusterId("tiny"))
    assert [] == find.all_clusters()
