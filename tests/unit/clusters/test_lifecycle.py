"""Starting and removing clusters, with a driver that keeps its clusters in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner.clusters import lifecycle
from runner.clusters.lifecycle import StartResult
from runner.errors import BrokenLabError, HostError, LabsError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster, ClusterId, Diagnosis, Driver, NodeImage, NodeState
from runner.nodes.topology import Topology
from runner.status import NullReporter, StatusReporter
from runner.storage import locks
from tests.support import helpers, local_nodes

TINY = ClusterId("tiny")
LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n".replace("images: []", "images: ['nginx:alpine']\nneeds: [ipvs]")
FRESH = ["ensure images nginx:alpine", "check kernel ipvs", "create node1", "mark complete"]


@dataclass(slots=True)
class MemoryDriver:
    """A driver that records its calls, and raises the given errors."""

    folder: Path
    errors: dict[str, BaseException] = field(default_factory=dict)
    clusters: dict[ClusterId, Cluster] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    name: str = "memory"

    def _record(self, call: str, *arguments: str) -> None:
        self.calls.append(" ".join((call, *arguments)))
        if call in self.errors:
            raise self.errors[call]

    def diagnose_host(self) -> list[Diagnosis]:
        """Return no diagnosis."""
        return []

    def clear_probe_cache(self) -> None:
        """Record the call."""
        self._record("clear probe cache")

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Support everything."""
        return "available"

    def check_kernel_features(self, needs: Iterable[str], subject: str) -> None:
        """Record the needs."""
        self._record("check kernel", *needs)

    def ensure_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Record the images."""
        self._record("ensure images", *names)

    def list_images(self) -> tuple[NodeImage, ...]:
        """Return no images."""
        return ()

    def prune_images(self, remove_all: bool) -> int:
        """Remove no images."""
        return 0

    def measure_free_memory(self) -> int:
        """Return the same amount each time."""
        return 1 << 20

    def calculate_topology_memory(self, topology: Topology) -> int:
        """Return 0."""
        return 0

    def check_capacity(self, topology: Topology, replaced: Cluster | None = None) -> None:
        """Record the call."""
        self._record("check capacity", *([f"instead of {replaced.id}"] if replaced else []))

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Create the nodes before recording the call, so that an error leaves them behind."""
        created = replace(
            local_nodes.make_local_cluster(self.folder, *topology.node_names),
            id=cluster,
            driver=self.name,
            is_complete=False,
        )
        self.clusters[cluster] = created
        self._record("create", *topology.node_names)
        return created

    def mark_cluster_complete(self, cluster: ClusterId) -> None:
        """Record the call, then mark the cluster."""
        self._record("mark complete")
        self.clusters[cluster] = replace(self.clusters[cluster], is_complete=True)

    def list_clusters(self) -> list[Cluster]:
        """Return the clusters in memory."""
        return list(self.clusters.values())

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Set the nodes' state to running."""
        self._record("resume")
        self._set_state(cluster, NodeState.RUNNING)

    def stop_cluster(self, cluster: Cluster) -> None:
        """Set the nodes' state to stopped."""
        self._record("stop")
        self._set_state(cluster, NodeState.STOPPED)

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """Delete the cluster from memory."""
        self._record("remove")
        return self.clusters.pop(cluster, None) is not None

    def remove_unused_caches(self) -> None:
        """Record the call."""
        self._record("remove leftovers")

    def _set_state(self, cluster: Cluster, state: NodeState) -> None:
        nodes = tuple(local_nodes.LocalNode(self.folder, node.name, state=state) for node in cluster.nodes)
        self.clusters[cluster.id] = replace(cluster, nodes=nodes)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryDriver:
    """Return a driver without clusters, and let labs use temporary folders."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    return MemoryDriver(tmp_path)


def make_tiny_lab(driver: MemoryDriver, setup: str = "") -> Lab:
    """Write the lab to start."""
    return helpers.make_lab(driver.folder, LESSON, setup=setup)


def start(driver: Driver, lab: Lab, *, keep: bool = False) -> StartResult:
    """Start the lab."""
    return lifecycle.start(driver, lab, TINY, NullReporter(), keep=keep)


def test_first_start(driver: MemoryDriver) -> None:
    """A first start prepares the host, creates and provisions the nodes, and marks the cluster as complete."""
    assert StartResult.FRESH is start(driver, make_tiny_lab(driver, "touch marker"))
    assert driver.calls == FRESH
    assert driver.clusters[TINY].is_complete
    assert (driver.folder / "disks" / "node1" / "root" / "marker").exists()


def test_already_running(driver: MemoryDriver) -> None:
    """Starting a running cluster creates nothing; it only resumes what the nodes depend on."""
    start(driver, make_tiny_lab(driver))
    driver.calls.clear()
    assert StartResult.ALREADY_RUNNING is start(driver, make_tiny_lab(driver))
    assert ["resume"] == [call.split()[0] for call in driver.calls]


def test_resumed(driver: MemoryDriver) -> None:
    """Starting a stopped cluster resumes its nodes without provisioning them again."""
    start(driver, make_tiny_lab(driver))
    lifecycle.stop_cluster(driver, driver.clusters[TINY])
    driver.calls.clear()
    assert StartResult.RESUMED is start(driver, make_tiny_lab(driver, "exit 1"))
    assert ["resume"] == driver.calls
    assert driver.clusters[TINY].is_fully_running


def test_interrupted_start(driver: MemoryDriver) -> None:
    """The leftovers of an interrupted start are removed, and the cluster is created again."""
    driver.create_cluster(TINY, make_tiny_lab(driver).lesson.topology, [], NullReporter())
    driver.calls.clear()
    assert StartResult.FRESH is start(driver, make_tiny_lab(driver))
    assert [*FRESH[:2], "remove", *FRESH[2:]] == driver.calls


def test_other_nodes(driver: MemoryDriver) -> None:
    """A cluster with other nodes than the lesson now declares is refused, and the error says how to reset it."""
    start(driver, make_tiny_lab(driver))
    lab = helpers.make_lab(driver.folder, LESSON.replace("name: node1", "name: alpha"))
    driver.calls.clear()
    with pytest.raises(HostError, match="'tiny' has the nodes node1, but its lesson now needs alpha") as caught:
        start(driver, lab)
    assert caught.value.advice.startswith("'labs reset tiny' creates fresh nodes")
    assert [] == driver.calls


@pytest.mark.parametrize("call", ["create", "mark complete"])
@pytest.mark.parametrize("error", [HostError("no space", "free some"), KeyboardInterrupt(), ZeroDivisionError()])
def test_failed_start_is_undone(call: str, error: BaseException, driver: MemoryDriver) -> None:
    """A start that fails or is interrupted after creating nodes removes them."""
    driver.errors[call] = error
    with pytest.raises(type(error)):
        start(driver, make_tiny_lab(driver))
    assert {} == driver.clusters


def test_failed_setup(driver: MemoryDriver) -> None:
    """If the setup script fails, the start is undone and the lab is reported as broken."""
    with pytest.raises(BrokenLabError):
        start(driver, make_tiny_lab(driver, "exit 3"))
    assert {} == driver.clusters


@pytest.mark.parametrize("call", ["ensure images", "check kernel"])
def test_refused_start_keeps_leftovers(call: str, driver: MemoryDriver) -> None:
    """A start that is refused before it creates anything keeps the leftovers of an earlier start."""
    driver.create_cluster(TINY, make_tiny_lab(driver).lesson.topology, [], NullReporter())
    driver.errors[call] = HostError("not here", "go there")
    with pytest.raises(HostError):
        start(driver, make_tiny_lab(driver))
    assert [TINY] == list(driver.clusters)


def test_reset(driver: MemoryDriver) -> None:
    """A reset checks the host first, then removes the old cluster, then creates a fresh one."""
    lab = make_tiny_lab(driver)
    start(driver, lab)
    driver.calls.clear()
    lifecycle.reset_cluster(driver, lab, TINY, NullReporter())
    checks = ["ensure images nginx:alpine", "check kernel ipvs", "check capacity instead of tiny"]
    assert [*checks, "remove", *FRESH] == driver.calls


@pytest.mark.parametrize("call", ["ensure images", "check kernel", "check capacity"])
def test_refused_reset(call: str, driver: MemoryDriver) -> None:
    """A reset whose check of the host fails keeps the cluster unchanged."""
    lab = make_tiny_lab(driver)
    start(driver, lab)
    driver.errors[call] = HostError("not here", "go there")
    with pytest.raises(HostError):
        lifecycle.reset_cluster(driver, lab, TINY, NullReporter())
    assert driver.clusters[TINY].is_complete


def test_keep(driver: MemoryDriver) -> None:
    """With `keep`, the nodes that a failed start created stay, and the cluster is not marked as complete."""
    driver.errors["create"] = HostError("no space", "free some")
    with pytest.raises(HostError):
        start(driver, make_tiny_lab(driver), keep=True)
    assert not driver.clusters[TINY].is_complete


def test_failing_undo(driver: MemoryDriver) -> None:
    """If undoing fails too, the error of the start is still reported."""
    driver.errors = {"create": HostError("no space", "free some"), "remove": HostError("engine is gone", "start it")}
    with pytest.raises(LabsError) as caught:
        start(driver, make_tiny_lab(driver))
    messages = [str(error) for error in (caught.value, caught.value.__context__) if error]
    assert "no space" in messages


def test_locked_cluster(driver: MemoryDriver) -> None:
    """While another command changes the cluster, the driver is not called."""
    lab = make_tiny_lab(driver)
    with locks.lock_cluster(str(TINY)), pytest.raises(HostError):
        start(driver, lab)
    assert [] == driver.calls


def test_remove(driver: MemoryDriver) -> None:
    """Removing returns whether the cluster existed, and deletes its log."""
    start(driver, make_tiny_lab(driver, "echo done"))
    assert [True, False] == [lifecycle.remove_cluster(driver, TINY) for _ in range(2)]
    assert [] == [path.name for path in driver.folder.rglob("setup.log")]


def test_find_cluster(driver: MemoryDriver) -> None:
    """A cluster is found by its lab and run."""
    start(driver, make_tiny_lab(driver))
    assert driver.clusters[TINY] is lifecycle.find_cluster(driver, TINY)
    assert lifecycle.find_cluster(driver, ClusterId("tiny", "other")) is None
