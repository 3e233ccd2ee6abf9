"""Starts that fail: each one is undone and reports the cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.docker_leftovers import Leftovers, run_docker
from tests.support.labs_command import LabsRunner

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def broken_host_facts(labs: LabsRunner, tmp_path: Path) -> dict[str, str]:
    """Return an environment with cached host facts that make every node fail to boot."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    labs("doctor", env=environment)
    path = next((tmp_path / "labs" / "hosts").glob("*.json"))
    data = json.loads(path.read_text("utf-8"))
    missing = [*data["facts"]["missing_capabilities"], "SYS_ADMIN"]
    data["facts"] |= {"has_privileged_mode": False, "missing_capabilities": missing}
    path.write_text(json.dumps(data), "utf-8")
    return environment


def test_failing_node_shows_its_log(labs: LabsRunner, leftovers: Leftovers, broken_host_facts: dict[str, str]) -> None:
    """If a node exits while it boots, start shows the end of its log and removes the cluster."""
    failed = labs("start", "solo", env=broken_host_facts)
    assert 4 == failed.returncode
    assert "booting node1" in failed.stderr
    assert "  | mount: " in failed.stderr
    assert [] == leftovers.list_all()


def test_keep(labs: LabsRunner, leftovers: Leftovers, broken_host_facts: dict[str, str]) -> None:
    """With --keep the failed node stays for inspection, and rm removes it."""
    assert 4 == labs("start", "solo", "--keep", env=broken_host_facts).returncode
    assert any(name.endswith("-solo-node1") for name in leftovers.list_containers())
    assert 0 == labs("rm", "solo").returncode
    assert [] == leftovers.list_all()


def test_failing_setup(labs: LabsRunner, leftovers: Leftovers) -> None:
    """If setup.sh fails, start exits with 3, shows the output and the line, and removes the cluster."""
    failed = labs("start", "unsettled")
    assert 3 == failed.returncode
    assert "  | before the failure" in failed.stderr
    assert "setup.sh:3: exit status 2: ls /no-such-place" in failed.stderr
    assert [] == leftovers.list_all()


def test_name_of_another_container(labs: LabsRunner, leftovers: Leftovers, environment: dict[str, str]) -> None:
    """If another container has the name of a node, start fails and keeps that container."""
    name = f"{environment['LABS_PROJECT']}-solo-node1"
    run_docker("create", "--name", name, _find_image_id(), "true")
    try:
        failed = labs("start", "solo")
        assert 4 == failed.returncode
        assert "already in use" in failed.stderr
        assert [] == leftovers.list_all()
        assert name == run_docker("ps", "--all", "--filter", f"name={name}", "--format", "{{.Names}}")
    finally:
        run_docker("rm", name)


def test_lab_needs_ipvs(labs: LabsRunner, leftovers: Leftovers) -> None:
    """A lab that needs IPVS starts only if the kernel has it; otherwise nothing is created."""
    has_ipvs = "virtual IPs and the routing mesh work" in labs("doctor").stdout
    started = labs("start", "meshed", "--driver", "docker")
    if has_ipvs:
        assert 0 == started.returncode
        labs("rm", "meshed")
    else:
        assert 4 == started.returncode
        assert "'meshed' needs ipvs" in started.stderr
        assert "--driver uml" in started.stderr
    assert [] == leftovers.list_all()


def _find_image_id() -> str:
    return run_docker("images", "--quiet", "--filter", "label=labs.recipe=node").split()[0]
