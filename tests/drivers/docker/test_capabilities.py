"""What a node is given for what the host can give."""

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
from tests import helpers

BEST = HostFacts(privileged=True, missing=(), modules=True, cgroup=2, iptables="nft", ipvs=True, vxlan=True)
TMPFS = {"/run": "exec,mode=755", "/tmp": "exec,mode=1777"}
ALL_41 = (1 << 41) - 1


@pytest.mark.parametrize(
    ("known", "options"),
    [
        (
            BEST,
            {
                "tmpfs": TMPFS,
                "privileged": True,
                "security_opt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
                "binds": ["/lib/modules:/lib/modules:ro"],
                "cgroupns": "private",
            },
        ),
        (
            replace(BEST, privileged=False, missing=("SYS_TIME", "BPF"), modules=False, cgroup=1),
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
    ids=["all there is", "as little as can be"],
)
def test_node_options(known: HostFacts, options: dict[str, Any]) -> None:
    """A node is privileged where that works, and otherwise gets all but what the engine itself lacks."""
    assert options == capabilities.build_node_options(known)


@pytest.mark.parametrize(("cgroup", "namespace"), [(1, None), (2, "private")])
@pytest.mark.parametrize("privileged", [True, False])
def test_control_groups(cgroup: int, namespace: str | None, privileged: bool) -> None:
    """A namespace of its own for control groups comes with version 2 alone, whatever the rights."""
    options = capabilities.build_node_options(replace(BEST, cgroup=cgroup, privileged=privileged))
    assert namespace == options.get("cgroupns")


def test_host_config() -> None:
    """The engine gets the options in its own terms, unconfined system paths as two empty lists."""
    client = docker.DockerClient("tcp://127.0.0.1:9", version="1.44")
    poor = capabilities.build_node_options(replace(BEST, privileged=False, missing=("BPF",)))
    made = capabilities.build_host_config(client, poor)
    assert ([], [], ["ALL"], ["BPF"], ["a *:* rwm"]) == (
        made["MaskedPaths"],
        made["ReadonlyPaths"],
        made["CapAdd"],
        made["CapDrop"],
        made["DeviceCgroupRules"],
    )
    assert "MaskedPaths" not in capabilities.build_host_config(client, capabilities.build_node_options(BEST))
    assert "unconfined" == poor["system_paths"]


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
    """The capabilities that a bounding set lacks are named, and those the kernel does not know are not."""
    assert missing == capabilities.list_missing_capabilities(bounding, last)


def test_capabilities_are_the_kernel_s() -> None:
    """The names stand at their bits: the first, the last, and two known ones between."""
    named = capabilities.CAPABILITIES
    assert (0, 12, 21, 40, 41) == (
        named.index("CHOWN"),
        named.index("NET_ADMIN"),
        named.index("SYS_ADMIN"),
        named.index("CHECKPOINT_RESTORE"),
        len(named),
    )


@pytest.mark.parametrize(("need", "there"), [("ipvs", False), ("vxlan", True)])
def test_offers(need: str, there: bool) -> None:
    """What a lab's front matter may need is a fact each."""
    assert there is replace(BEST, ipvs=False).has_feature(need)


def test_every_need_is_known() -> None:
    """Whatever the front matter may name as a need can be answered."""
    schema = json.loads((helpers.CHECKOUT / "runner/lessons/lesson.schema.json").read_text("utf-8"))
    needs = schema["properties"]["needs"]["items"]["enum"]
    assert [True] * len(needs) == [BEST.has_feature(need) for need in needs]


INFO = {"ID": "AB:CD", "ServerVersion": "26.1", "KernelVersion": "6.12"}


@pytest.fixture
def _remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember the best facts for one engine and image, as a first start would."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(capabilities, "_probe", lambda _client, _image: BEST)
    capabilities.load_host_facts(None, "sha256:1", INFO)
    monkeypatch.setattr(capabilities, "_probe", lambda _client, _image: replace(BEST, cgroup=1))


@pytest.mark.usefixtures("_remembered")
def test_remembered() -> None:
    """For the same engine, kernel and image nothing is probed again."""
    assert BEST == capabilities.load_host_facts(None, "sha256:1", INFO)


@pytest.mark.usefixtures("_remembered")
@pytest.mark.parametrize(
    ("image", "info"),
    [
        ("sha256:2", INFO),
        ("sha256:1", INFO | {"KernelVersion": "6.13"}),
        ("sha256:1", INFO | {"ServerVersion": "28.5"}),
        ("sha256:1", INFO | {"ID": "EF"}),
    ],
)
def test_probed_anew(image: str, info: Mapping[str, Any]) -> None:
    """Another image, kernel or engine is probed anew."""
    assert 1 == capabilities.load_host_facts(None, image, info).cgroup


@pytest.mark.usefixtures("_remembered")
def test_forgotten() -> None:
    """What is forgotten is probed anew."""
    capabilities.clear_probe_cache()
    assert 1 == capabilities.load_host_facts(None, "sha256:1", INFO).cgroup


@pytest.mark.usefixtures("_remembered")
@pytest.mark.parametrize("content", [b"", b"no JSON", b"\xff\xfe\xfd\xfc", b"[]", b"{}", b'{"key": 1, "facts": {}}'])
def test_damaged_memory(content: bytes) -> None:
    """A damaged file is as good as none."""
    (file,) = (paths.cache_folder() / "hosts").glob("*.json")
    file.write_bytes(content)
    assert 1 == capabilities.load_host_facts(None, "sha256:1", INFO).cgroup


@pytest.mark.usefixtures("_remembered")
def test_memory_of_another_version() -> None:
    """Facts that another version wrote under the same key, with other fields, are probed anew."""
    (file,) = (paths.cache_folder() / "hosts").glob("*.json")
    data = json.loads(file.read_text())
    data["facts"]["colour"] = data["facts"].pop("ipvs")
    file.write_text(json.dumps(data))
    assert 1 == capabilities.load_host_facts(None, "sha256:1", INFO).cgroup
