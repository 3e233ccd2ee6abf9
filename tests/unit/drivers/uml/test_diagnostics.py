"""Host diagnostics: whether the host can run VMs, what to do if it cannot, and its free memory and disk space."""

from __future__ import annotations

import os
import platform
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from runner import debian_packages
from runner.drivers.uml import diagnostics
from runner.drivers.uml.driver import UmlDriver
from runner.drivers.uml.vm import cluster_state
from runner.errors import HostError
from runner.nodes.driver_interface import Cluster, ClusterId, NodeState
from runner.nodes.topology import NodeSpec, Role, Topology
from tests.support import helpers, local_nodes

UP, DOWN = NodeState.RUNNING, NodeState.STOPPED
Usage = namedtuple("Usage", ["total", "used", "free"])


def _diagnose(subject: str) -> tuple[bool | None, str, str]:
    diagnosis = next(diagnosis for diagnosis in diagnostics.diagnose_host(None) if diagnosis.subject == subject)
    return diagnosis.is_ok, diagnosis.finding, diagnosis.advice


def have_no_programs_but(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the search for programs find only these."""
    monkeypatch.setattr("shutil.which", lambda name, **_more: f"/bin/{name}" if name in names else None)


def test_other_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a processor for which user-mode Linux does not exist, the driver refuses and names the other driver."""
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert (False, "Linux on aarch64") == _diagnose("processor")[:2]
    with pytest.raises(HostError, match="The driver uml cannot run here: processor: Linux on aarch64") as caught:
        diagnostics.check_host()
    assert "driver docker" in caught.value.advice
    with pytest.raises(HostError, match="this host has aarch64") as caught:
        diagnostics.check_build_tools()
    assert "--driver docker" in caught.value.advice


def test_missing_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All missing packages are named at once, with the command that installs them, also those to build images."""
    monkeypatch.setattr(debian_packages, "_PACKAGES", {name: (name,) for name in debian_packages._PACKAGES})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    helpers.write_script(tmp_path, "apt-get", "")
    monkeypatch.setattr("runner.paths.program_search_path", lambda: str(tmp_path))
    run = ["chroot", "ip", "setpriv", "taskset", "unshare"]
    build = ["buildah", "chroot", "ip", "mkfs.ext4", "mmdebstrap", "setpriv", "taskset", "unshare"]
    assert (False, f"missing Debian packages: {', '.join(build)}", "") == _diagnose("tools")
    for is_building, expected in ((False, run), (True, build)):
        with pytest.raises(HostError, match=f"tools: missing Debian packages: {', '.join(expected)}") as caught:
            diagnostics.check_host(is_building=is_building)
        command = f"apt-get update && apt-get install --no-install-recommends {' '.join(expected)}"
        assert f"Run '{command}'." == caught.value.advice


@pytest.mark.parametrize(("user", "has_uidmap"), [(0, False), (1000, True)])
def test_missing_build_tools(user: int, has_uidmap: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing build tools are named with the command that installs them; an ordinary user also needs uidmap."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    have_no_programs_but(monkeypatch, "chroot", "ip", "setpriv", "taskset", "unshare")
    with pytest.raises(
        HostError, match="cannot be built without buildah, debian-archive-keyring, e2fsprogs, mmdebstrap"
    ) as caught:
        diagnostics.check_build_tools()
    assert has_uidmap is ("uidmap" in caught.value.message)
    assert "labs images import FILE" in caught.value.advice


@pytest.mark.parametrize(("user", "is_root_advised"), [(1000, True), (0, False)])
def test_refused_namespaces(user: int, is_root_advised: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If namespaces cannot be created, the error of `unshare` is shown with advice; root is not advised to be root."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    helpers.write_script(tmp_path, "unshare", "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    is_ok, finding, advice = _diagnose("namespaces")
    assert is_ok is False
    assert "(unshare: unshare failed: Operation not permitted)" in finding
    assert is_root_advised is ("as root" in advice)
    assert advice


def test_all_subjects() -> None:
    """Every subject is examined even without artifacts, and every problem has advice or packages to install."""
    diagnoses = diagnostics.diagnose_host(None)
    assert {"processor", "tools", "namespaces", "images", "memory"} <= {diagnosis.subject for diagnosis in diagnoses}
    problems = [diagnosis for diagnosis in diagnoses if diagnosis.is_ok is not True]
    assert [] == [problem.subject for problem in problems if not problem.advice and not problem.missing_packages]


@pytest.mark.parametrize(("megabytes", "fits"), [(3600, True), (3745, False), (16384, False)])
def test_check_memory(megabytes: int, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """VMs whose memory exceeds the free memory minus the host's reserve are refused with both figures."""
    monkeypatch.setattr(diagnostics, "measure_free_memory", lambda: 4000)
    if fits:
        diagnostics.check_free_memory(megabytes)
        return
    with pytest.raises(HostError, match=f"may use {megabytes} MB of memory, .* only 4000 MB free") as caught:
        diagnostics.check_free_memory(megabytes)
    assert "labs stop" in caught.value.advice


def test_memory_of_a_replaced_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The memory of a cluster that will be replaced counts as free, but only that of its running VMs."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(diagnostics, "measure_free_memory", lambda: 1600)
    topology = Topology(tuple(NodeSpec(f"node{number}", Role.WORKER, 1000) for number in (1, 2)))
    folder = cluster_state.cluster_folder(ClusterId("tiny"))
    folder.mkdir(parents=True)
    cluster_state.build_state(ClusterId("tiny"), topology, tmp_path).save_to_folder(folder)
    up, down = (local_nodes.LocalNode(tmp_path, name, state=state) for name, state in (("node1", UP), ("node2", DOWN)))
    UmlDriver().check_capacity(topology, Cluster(ClusterId("tiny"), "uml", (up, down), is_complete=True))
    with pytest.raises(HostError, match="only 1600 MB free"):
        UmlDriver().check_capacity(topology)
    with pytest.raises(HostError, match="only 1600 MB free"):
        UmlDriver().check_capacity(topology, Cluster(ClusterId("tiny"), "uml", (down, down), is_complete=True))


def test_measure_free_memory() -> None:
    """The free memory is positive and not more than the total memory, in MB."""
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    total = int(next(line.split()[1] for line in lines if line.startswith("MemTotal:")))
    assert 0 < diagnostics.measure_free_memory() <= total // 1024


@pytest.mark.parametrize(("vm_count", "fits"), [(2, True), (3, False)])
def test_check_disk_space(vm_count: int, fits: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """VMs on a disk without enough free space are refused with both figures, even if their folder does not exist."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 0, 250 << 20))
    if fits:
        diagnostics.check_disk_space(tmp_path / "not" / "there", vm_count)
        return
    with pytest.raises(HostError, match=f"{tmp_path} has 250 MB free, and the VMs need at least 300 MB"):
        diagnostics.check_disk_space(tmp_path / "not" / "there", vm_count)
