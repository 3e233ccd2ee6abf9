"""Tests of a node's options, which depend on the host, and of the cache of probe results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from runner import paths
from runner.drivers.docker import capabilities
from runner.drivers.docker.capabilities import HostFacts
from tests.support import helpers

BEST_FACTS = HostFacts(
    has_privileged_mode=True,
    missing_capabilities=(),
    has_modules=True,
    cgroup_version=2,
    iptables_backend="nft",
    has_ipvs=True,
    has_vxlan=True,
)
TMPFS = {"/run": "exec,mode=755", "/tmp": "exec,mode=1777"}
ALL_41 = (1 << 41) - 1


@pytest.mark.parametrize(
    ("facts", "options"),
    [
        (
            BEST_FACTS,
            {
                "tmpfs": TMPFS,
                "privileged": True,
                "security_opt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
                "binds": ["/lib/modules:/lib/modules:ro"],
                "cgroupns": "private",
            },
        ),
        (
            replace(
                BEST_FACTS,
                has_privileged_mode=False,
                missing_capabilities=("SYS_TIME", "BPF"),
                has_modules=False,
                cgroup_version=1,
            ),
            {
                "tmpfs": TMPFS,
                "cap_add": ["ALL"],
                "cap_drop": ["SYS_TIME", "BPF"],
                "security_opt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
                "system_paths": "unconfined",
                "device_cgroup_rules": ["a *:* rwm"],
            },
        ),
    ],
    ids=["everything", "as little as possible"],
)
def test_node_options(facts: HostFacts, options: dict[str, Any]) -> None:
    """A node is privileged if that works, and otherwise gets all capabilities that the engine itself has."""
    assert options == capabilities.build_node_host_options(facts)


@pytest.mark.parametrize(("cgroup", "namespace"), [(1, None), (2, "private")])
@pytest.mark.parametrize("privileged", [True, False])
def test_control_groups(cgroup: int, namespace: str | None, privileged: bool) -> None:
    """A node has its own control group namespace only with version 2, privileged or not."""
    options = capabilities.build_node_host_options(
        replace(BEST_FACTS, cgroup_version=cgroup, has_privileged_mode=privileged)
    )
    assert namespace == options.get("cgroupns")


def test_host_config() -> None:
    """The options are sent in the format of the Docker API; unconfined system paths are two empty lists."""
    client = docker.DockerClient("tcp://127.0.0.1:9", version="1.44")
    options = capabilities.build_node_host_options(
        replace(BEST_FACTS, has_privileged_mode=False, missing_capabilities=("BPF",))
    )
    config = capabilities.build_host_config(client, options)
    assert ([], [], ["ALL"], ["BPF"], ["a *:* rwm"]) == (
        config["MaskedPaths"],
        config["ReadonlyPaths"],
        config["CapAdd"],
        config["CapDrop"],
        config["DeviceCgroupRules"],
    )
    assert "MaskedPaths" not in capabilities.build_host_config(client, capabilities.build_node_host_options(BEST_FACTS))
    assert "unconfined" == options["system_paths"]


@pytest.mark.parametrize(
    ("bounding", "last", "missing"),
    [
        (f"{ALL_41:x}", 40, ()),
        ("000001ffffffffff", 40, ()),
        ("ffffffff", 31, ()),
        (f"{ALL_41 & ~(1 << 25):x}", 40, ("SYS_TIME",)),
        (f"{ALL_41 & ~1 & ~(1 << 40):016x}", 40, ("CHOWN", "CHECKPOINT_RESTORE")),
        (f"{ALL_41:x}", 45, ()),
        ("3", 3, ("DAC_READ_SEARCH", "FOWNER")),
    ],
)
def test_missing_capabilities(bounding: str, last: int, missing: tuple[str, ...]) -> None:
    """The capabilities that are not in a bounding set are listed, without those that the kernel does not have."""
    assert missing == capabilities.parse_missing_capabilities(bounding, last)


def test_capability_bits() -> None:
    """The names are at the positions of their bits: the first, the last, and two between."""
    names = capabilities.CAPABILITIES
    assert (0, 12, 21, 40, 41) == (
        names.index("CHOWN"),
        names.index("NET_ADMIN"),
        names.index("SYS_ADMIN"),
        names.index("CHECKPOINT_RESTORE"),
        len(names),
    )


@pytest.mark.parametrize(("name", "is_available"), [("ipvs", False), ("vxlan", True)])
def test_has_feature(name: str, is_available: bool) -> None:
    """Each kernel feature that a lab may need is one of the facts."""
    assert is_available is replace(BEST_FACTS, has_ipvs=False).has_kernel_feature(name)


def test_every_need_is_known() -> None:
    """Every need that the front matter may name is a known feature."""
    schema = json.loads((helpers.CHECKOUT / "runner/lessons/lesson.schema.json").read_text("utf-8"))
    needs = schema["properties"]["needs"]["items"]["enum"]
    assert [True] * len(needs) == [BEST_FACTS.has_kernel_feature(need) for need in needs]


INFO = {"ID": "AB:CD", "ServerVersion": "26.1", "KernelVersion": "6.12"}


@pytest.fixture
def _cached_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache the best facts for one engine and image, as a first start does."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(capabilities, "_probe_host", lambda _client, _image: BEST_FACTS)
    capabilities.load_or_probe_host_facts(None, "sha256:1", INFO)
    monkeypatch.setattr(capabilities, "_probe_host", lambda _client, _image: replace(BEST_FACTS, cgroup_version=1))


@pytest.mark.usefixtures("_cached_facts")
def test_cached() -> None:
    """For the same engine, kernel and image nothing is probed again."""
    assert BEST_FACTS == capabilities.load_or_probe_host_facts(None, "sha256:1", INFO)


@pytest.mark.usefixtures("_cached_facts")
@pytest.mark.parametrize(
    ("image", "info"),
    [
        ("sha256:2", INFO),
        ("sha256:1", INFO | {"KernelVersion": "6.13"}),
        ("sha256:1", INFO | {"ServerVersion": "28.5"}),
        ("sha256:1", INFO | {"ID": "EF"}),
    ],
)
def test_probed_again(image: str, info: Mapping[str, Any]) -> None:
    """Another image, kernel or engine is probed."""
    assert 1 == capabilities.load_or_probe_host_facts(None, image, info).cgroup_version


@pytest.mark.usefixtures("_cached_facts")
def test_cleared() -> None:
    """After the cache is cleared the host is probed again."""
    capabilities.clear_probe_cache()
    assert 1 == capabilities.load_or_probe_host_facts(None, "sha256:1", INFO).cgroup_version


@pytest.mark.usefixtures("_cached_facts")
@pytest.mark.parametrize("content", [b"", b"no JSON", b"\xff\xfe\xfd\xfc", b"[]", b"{}", b'{"key": 1, "facts": {}}'])
def test_damaged_cache(content: bytes) -> None:
    """A damaged cache file is ignored."""
    (file,) = (paths.cache_folder() / "hosts").glob("*.json")
    file.write_bytes(content)
    assert 1 == capabilities.load_or_probe_host_facts(None, "sha256:1", INFO).cgroup_version


@pytest.mark.usefixtures("_cached_facts")
def test_cache_of_another_version() -> None:
    """Facts that another version of labs cached with other fields are ignored."""
    (file,) = (paths.cache_folder() / "hosts").glob("*.json")
    data = json.loads(file.read_text())
    data["facts"]["colour"] = data["facts"].pop("has_ipvs")
    file.write_text(json.dumps(data))
    assert 1 == capabilities.load_or_probe_host_facts(None, "sha256:1", INFO).cgroup_version
