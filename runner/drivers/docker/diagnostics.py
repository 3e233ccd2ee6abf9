"""What `labs doctor` finds about the driver `docker`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import docker

from runner.drivers.docker import host_engine
from runner.drivers.docker.capabilities import HostFacts
from runner.drivers.docker.layer_cache import Store
from runner.errors import LabsError
from runner.nodes.driver_interface import Diagnosis


def findings(
    client: Callable[[], docker.DockerClient],
    store: Callable[[], Store | None],
    facts: Callable[[], HostFacts],
) -> list[Diagnosis]:
    """Look at the engine, the images, and what the engine can give a node.

    Each argument is a function, since what it looks at may not be there.
    """
    try:
        with host_engine.explained("asking the engine about itself"):
            info = client().info()
            found = [_engine(info), _images(store())]
    except LabsError as error:
        return [Diagnosis("Docker Engine", False, error.message, error.advice)]
    if not found[-1].is_ok:
        found.append(
            Diagnosis("nodes", None, "what they get is not known yet", "Type 'labs images build', then this again.")
        )
    else:
        try:
            found += _node(facts())
        except LabsError as error:
            found.append(Diagnosis("nodes", False, error.message, error.advice))
    return [*found, _memory(info)]


def _engine(info: dict[str, Any]) -> Diagnosis:
    seen = f"{info['ServerVersion']}, {info['Driver']}, kernel {info['KernelVersion']}"
    refused = host_engine.shortcoming(info)
    if refused:
        why, advice = refused
        return Diagnosis("Docker Engine", False, f"{seen}, {why}", advice)
    return Diagnosis("Docker Engine", True, seen)


def _images(store: Store | None) -> Diagnosis:
    if store is None:
        return Diagnosis(
            "images", None, "not built yet", "'labs images build' makes them; 'labs start' does so by itself."
        )
    stand_ins = sum(bool(content.stand_in) for content in store.contents)
    return Diagnosis("images", True, f"{len(store.contents)} names at hand, {stand_ins} of them stand-ins")


def _node(facts: HostFacts) -> list[Diagnosis]:
    rights = "--privileged works" if facts.privileged else f"without --privileged (missing: {', '.join(facts.missing)})"
    return [
        Diagnosis("node rights", True, rights),
        Diagnosis("control groups", True, f"v{facts.cgroup}"),
        Diagnosis(
            "iptables",
            facts.iptables != "none",
            f"{facts.iptables} tables",
            "" if facts.iptables != "none" else "Load the kernel modules: 'sudo modprobe ip_tables iptable_nat'.",
        ),
        _kernel("VXLAN", facts.vxlan, "overlay networks", "vxlan"),
        _kernel("IPVS", facts.ipvs, "virtual IPs and the routing mesh", "ip_vs"),
    ]


def _kernel(subject: str, there: bool, what: str, module: str) -> Diagnosis:
    if there:
        return Diagnosis(subject, True, f"{what} work")
    return Diagnosis(
        subject, None, f"{what} do not work", f"'sudo modprobe {module}', where the kernel has the module."
    )


def _memory(info: dict[str, Any]) -> Diagnosis:
    gigabytes = info["MemTotal"] / 1e9
    seen = f"{gigabytes:.1f} GB, {info['NCPU']} processors"
    enough = gigabytes >= 2
    return Diagnosis("memory", enough, seen, "" if enough else "Three nodes want 2 GB; give the engine more.")
