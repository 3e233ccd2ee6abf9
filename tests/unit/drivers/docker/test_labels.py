"""Tests of the labels and names of Docker objects."""

from __future__ import annotations

import pytest

from runner.drivers.docker import labels
from runner.nodes.driver_interface import ClusterId

TINY = ClusterId("tiny")
SECOND = ClusterId("tiny", "two")


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABS_PROJECT", raising=False)


@pytest.mark.parametrize(
    ("cluster", "part", "name"),
    [
        (TINY, "", "labs-tiny"),
        (TINY, "node1", "labs-tiny-node1"),
        (SECOND, "node1", "labs-tiny.two-node1"),
    ],
)
def test_name(cluster: ClusterId, part: str, name: str) -> None:
    """A name consists of project, lab, run and part."""
    assert name == labels.format_object_name(cluster, part)


def test_labels() -> None:
    """An object has labels for project, lab and run, and further ones."""
    assert {
        "labs.project": "labs",
        "labs.lab": "tiny",
        "labs.run": "two",
        "labs.node": "node1",
    } == labels.build_cluster_labels(SECOND, node="node1")


def test_filters() -> None:
    """The filter for a cluster has project, lab and run; the filter for all clusters has the project."""
    assert {"label": ["labs.project=labs", "labs.lab=tiny", "labs.run=main"]} == labels.build_cluster_filter(TINY)
    assert {"label": ["labs.project=labs"]} == labels.build_project_filter()


@pytest.mark.parametrize(
    ("own_labels", "cluster"),
    [
        (labels.build_cluster_labels(SECOND, node="node1"), SECOND),
        ({"labs.lab": "tiny"}, TINY),
        ({"labs.project": "labs"}, None),
        ({"com.docker.compose.project": "x"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_cluster_id(own_labels: dict[str, str] | None, cluster: ClusterId | None) -> None:
    """An object's cluster is parsed from its labels, if it belongs to one."""
    assert cluster == labels.parse_cluster_id(own_labels)


def test_other_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another project has other names and labels on the same engine."""
    monkeypatch.setenv("LABS_PROJECT", "class-b")
    assert ("class-b-tiny", "class-b") == (
        labels.format_object_name(TINY),
        labels.build_cluster_labels(TINY)["labs.project"],
    )
    assert {"label": ["labs.project=class-b"]} == labels.build_project_filter()
