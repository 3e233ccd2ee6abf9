"""Starting and removing clusters, with a driver whose nodes are this machine and whose record is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner.clusters import lifecycle
from runner.clusters.lifecycle import Started
from runner.errors import BrokenLabError, HostError, LabsError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster, ClusterId, Diagnosis, Driver, NodeImage, NodeState
from runner.nodes.topology import Topology
from runner.status import NullReporter, StatusReporter
from runner.storage import locks
from tests import helpers

TINY = ClusterId("tiny")
LESSON = f"{helpers.FRONT}## Look {{#look}}\n".replace("images: []", "images: ['nginx:alpine']\nneeds: [ipvs]")
FRESH = ["prepare nginx:alpine", "require ipvs", "make node1", "seal"]


@dataclass(slots=True)
class MemoryDriver:
    """A driver that notes what it is asked, and fails where it is told to."""

    folder: Path
    fails: dict[str, BaseException] = field(default_factory=dict)
    clusters: dict[ClusterId, Cluster] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    name: str = "memory"

    def _note(self, verb: str, *words: str) -> None:
        self.asked.append(" ".join((verb, *words)))
        if verb in self.fails:
            raise self.fails[verb]

    def diagnose(self) -> list[Diagnosis]:
        """Find nothing."""
        return []

    def clear_probe_cache(self) -> None:
        """Note it."""
        self._note("forget")

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Serve everything."""
        return "it is there"

    def check_kernel(self, needs: Iterable[str], subject: str) -> None:
        """Note what is needed."""
        self._note("require", *needs)

    def ensure_images(self, images: Sequence[str], reporter: StatusReporter) -> None:
        """Note which."""
        self._note("prepare", *images)

    def build_images(self, names: Sequence[str], reporter: StatusReporter, *, rebuild: bool = False) -> None:
        """Note it."""
        self._note("build")

    def list_images(self) -> tuple[NodeImage, ...]:
        """Have none."""
        return ()

    def prune_images(self, remove_all: bool) -> int:
        """Remove none."""
        return 0

    def measure_free_memory(self) -> int:
        """Have as much as this host."""
        return 1 << 20

    def calculate_memory(self, topology: Topology) -> int:
        """Reserve none."""
        return 0

    def check_capacity(self, topology: Topology, replaced: Cluster | None = None) -> None:
        """Note it."""
        self._note("require room", *([f"instead of {replaced.id}"] if replaced else []))

    def create_cluster(
        self, cluster: ClusterId, topology: Topology, images: Sequence[str], reporter: StatusReporter
    ) -> Cluster:
        """Make the nodes, then note it, so that a failure leaves them."""
        made = replace(helpers.cluster(self.folder, *topology.names), id=cluster, driver=self.name, is_complete=False)
        self.clusters[cluster] = made
        self._note("make", *topology.names)
        return made

    def mark_complete(self, cluster: ClusterId) -> None:
        """Note it, and then keep it."""
        self._note("seal")
        self.clusters[cluster] = replace(self.clusters[cluster], is_complete=True)

    def list_clusters(self) -> list[Cluster]:
        """Return what is in memory."""
        return list(self.clusters.values())

    def resume_cluster(self, cluster: Cluster, reporter: StatusReporter) -> None:
        """Bring the nodes up."""
        self._note("resume")
        self._set_state(cluster, NodeState.RUNNING)

    def stop_cluster(self, cluster: Cluster) -> None:
        """Take the nodes down."""
        self._note("halt")
        self._set_state(cluster, NodeState.STOPPED)

    def remove_cluster(self, cluster: ClusterId) -> bool:
        """Forget the cluster."""
        self._note("remove")
        return self.clusters.pop(cluster, None) is not None

    def remove_leftovers(self) -> None:
        """Note it."""
        self._note("remove shared")

    def _set_state(self, cluster: Cluster, state: NodeState) -> None:
        nodes = tuple(helpers.LocalNode(self.folder, node.name, state=state) for node in cluster.nodes)
        self.clusters[cluster.id] = replace(cluster, nodes=nodes)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryDriver:
    """Return a driver without clusters, in a world of the test's own."""
    helpers.own_folders(monkeypatch, tmp_path)
    return MemoryDriver(tmp_path)


def tiny(driver: MemoryDriver, setup: str = "") -> Lab:
    """Write the lab that is started."""
    return helpers.lab(driver.folder, LESSON, setup=setup)


def start(driver: Driver, lab: Lab, *, keep: bool = False) -> Started:
    """Start the lab."""
    return lifecycle.start(driver, lab, TINY, NullReporter(), keep=keep)


def test_fresh(driver: MemoryDriver) -> None:
    """A first start prepares, makes, sets the scene, and records that it came to its end."""
    assert Started.FRESH is start(driver, tiny(driver, "touch scene"))
    assert driver.asked == FRESH
    assert driver.clusters[TINY].is_complete
    assert (driver.folder / "disks" / "node1" / "root" / "scene").exists()


def test_already(driver: MemoryDriver) -> None:
    """A start of what runs makes nothing; it only sees to what the nodes stand on."""
    start(driver, tiny(driver))
    driver.asked.clear()
    assert Started.ALREADY is start(driver, tiny(driver))
    assert ["resume"] == [str(asked).split()[0] for asked in driver.asked]


def test_resumed(driver: MemoryDriver) -> None:
    """A start of what is halted brings it up as it was, without setting the scene anew."""
    start(driver, tiny(driver))
    lifecycle.halt(driver, driver.clusters[TINY])
    driver.asked.clear()
    assert Started.RESUMED is start(driver, tiny(driver, "exit 1"))
    assert ["resume"] == driver.asked
    assert driver.clusters[TINY].is_running


def test_interrupted_remains(driver: MemoryDriver) -> None:
    """What an interrupted start has left is cleared away and made anew."""
    driver.create_cluster(TINY, tiny(driver).lesson.topology, [], NullReporter())
    driver.asked.clear()
    assert Started.FRESH is start(driver, tiny(driver))
    assert [*FRESH[:2], "remove", *FRESH[2:]] == driver.asked


def test_other_nodes(driver: MemoryDriver) -> None:
    """A cluster with other nodes than the lesson now wants is left alone, and the user told what makes it anew."""
    start(driver, tiny(driver))
    lab = helpers.lab(driver.folder, LESSON.replace("name: node1", "name: alpha"))
    driver.asked.clear()
    with pytest.raises(HostError, match="'tiny' stands with node1, and its lesson now asks for alpha") as caught:
        start(driver, lab)
    assert caught.value.advice.startswith("'labs reset tiny' makes it anew")
    assert [] == driver.asked


@pytest.mark.parametrize("verb", ["make", "seal"])
@pytest.mark.parametrize("error", [HostError("no room", "make room"), KeyboardInterrupt(), ZeroDivisionError()])
def test_undone(verb: str, error: BaseException, driver: MemoryDriver) -> None:
    """A start that fails or is interrupted while there is something to leave behind leaves nothing."""
    driver.fails[verb] = error
    with pytest.raises(type(error)):
        start(driver, tiny(driver))
    assert {} == driver.clusters


def test_undone_scene(driver: MemoryDriver) -> None:
    """A setup script that fails is the lab's fault, and the start is undone."""
    with pytest.raises(BrokenLabError):
        start(driver, tiny(driver, "exit 3"))
    assert {} == driver.clusters


@pytest.mark.parametrize("verb", ["prepare", "require"])
def test_refused(verb: str, driver: MemoryDriver) -> None:
    """What is refused before anything is made leaves the remains of an earlier start alone."""
    driver.create_cluster(TINY, tiny(driver).lesson.topology, [], NullReporter())
    driver.fails[verb] = HostError("not here", "go there")
    with pytest.raises(HostError):
        start(driver, tiny(driver))
    assert [TINY] == list(driver.clusters)


def test_reset(driver: MemoryDriver) -> None:
    """A reset looks whether a fresh cluster can be made, then removes the old one, then makes it."""
    lab = tiny(driver)
    start(driver, lab)
    driver.asked.clear()
    lifecycle.reset(driver, lab, TINY, NullReporter())
    looked = ["prepare nginx:alpine", "require ipvs", "require room instead of tiny"]
    assert [*looked, "remove", *FRESH] == driver.asked


@pytest.mark.parametrize("verb", ["prepare", "require", "require room"])
def test_refused_reset(verb: str, driver: MemoryDriver) -> None:
    """A reset that would end with nothing leaves the cluster as it is."""
    lab = tiny(driver)
    start(driver, lab)
    driver.fails[verb] = HostError("not here", "go there")
    with pytest.raises(HostError):
        lifecycle.reset(driver, lab, TINY, NullReporter())
    assert driver.clusters[TINY].is_complete


def test_keep(driver: MemoryDriver) -> None:
    """With `keep`, what a failed start has made stays, and is known not to be complete."""
    driver.fails["make"] = HostError("no room", "make room")
    with pytest.raises(HostError):
        start(driver, tiny(driver), keep=True)
    assert not driver.clusters[TINY].is_complete


def test_failing_undo(driver: MemoryDriver) -> None:
    """Where undoing fails too, the reason for the start's failure is not lost."""
    driver.fails = {"make": HostError("no room", "make room"), "remove": HostError("engine is gone", "start it")}
    with pytest.raises(LabsError) as caught:
        start(driver, tiny(driver))
    told = [str(error) for error in (caught.value, caught.value.__context__) if error]
    assert "no room" in told


def test_busy(driver: MemoryDriver) -> None:
    """While another command changes the cluster, nothing is asked of the driver."""
    lab = tiny(driver)
    with locks.lock_cluster(str(TINY)), pytest.raises(HostError):
        start(driver, lab)
    assert [] == driver.asked


def test_remove(driver: MemoryDriver) -> None:
    """Removing says whether there was anything, and takes the log of the run with it."""
    start(driver, tiny(driver, "echo said"))
    assert [True, False] == [lifecycle.remove(driver, TINY) for _ in range(2)]
    assert [] == [path.name for path in driver.folder.rglob("setup.log")]


def test_find(driver: MemoryDriver) -> None:
    """A cluster is found by lab and run."""
    start(driver, tiny(driver))
    assert driver.clusters[TINY] is lifecycle.find(driver, TINY)
    assert lifecycle.find(driver, ClusterId("tiny", "other")) is None
