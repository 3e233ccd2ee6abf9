"""Starts that cannot succeed: each is undone, and says what was wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import LabsRunner
from tests.docker.conftest import Leftovers, run_docker

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def pretended_facts(labs: LabsRunner, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which an earlier probe has found rights that no node can boot with."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    labs("doctor", env=environment)
    path = next((tmp_path / "labs" / "hosts").glob("*.json"))
    data = json.loads(path.read_text("utf-8"))
    data["facts"] |= {"privileged": False, "missing": [*data["facts"]["missing"], "SYS_ADMIN"]}
    path.write_text(json.dumps(data), "utf-8")
    return environment


def test_a_node_that_does_not_boot_is_shown_with_its_log(
    labs: LabsRunner, leftovers: Leftovers, pretended_facts: dict[str, str]
) -> None:
    """Where a node ends during its boot, its own last lines are shown, and the start is undone."""
    failed = labs("start", "solo", env=pretended_facts)
    assert 4 == failed.returncode
    assert "booting node1" in failed.stderr
    assert "  | mount: " in failed.stderr
    assert [] == leftovers.list_all()


def test_keep_leaves_the_failed_node(labs: LabsRunner, leftovers: Leftovers, pretended_facts: dict[str, str]) -> None:
    """With --keep the failed node stays for a look, and rm removes it."""
    assert 4 == labs("start", "solo", "--keep", env=pretended_facts).returncode
    assert any(name.endswith("-solo-node1") for name in leftovers.list_containers())
    assert 0 == labs("rm", "solo").returncode
    assert [] == leftovers.list_all()


def test_a_failing_setup_shows_its_line(labs: LabsRunner, leftovers: Leftovers) -> None:
    """A setup.sh that fails is a broken lab: exit 3, its output and line shown, and the start undone."""
    failed = labs("start", "unsettled")
    assert 3 == failed.returncode
    assert "  | before the fall" in failed.stderr
    assert "setup.sh:3: exit status 2: ls /no-such-place" in failed.stderr
    assert [] == leftovers.list_all()


def test_a_foreign_container_of_the_same_name_is_left_alone(
    labs: LabsRunner, leftovers: Leftovers, environment: dict[str, str]
) -> None:
    """Where a node's name is taken by a container that is not ours, the start fails and leaves that container."""
    name = f"{environment['LABS_PROJECT']}-solo-node1"
    run_docker("create", "--name", name, _some_image(), "true")
    try:
        failed = labs("start", "solo")
        assert 4 == failed.returncode
        assert "already in use" in failed.stderr
        assert [] == leftovers.list_all()
        assert name == run_docker("ps", "--all", "--filter", f"name={name}", "--format", "{{.Names}}")
    finally:
        run_docker("rm", name)


def test_a_lab_that_needs_ipvs_is_refused_without_it(labs: LabsRunner, leftovers: Leftovers) -> None:
    """Where the kernel has no IPVS, a lab that declares it is refused before anything is made; else it starts."""
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


def _some_image() -> str:
    return run_docker("images", "--quiet", "--filter", "label=labs.recipe=node").split()[0]
