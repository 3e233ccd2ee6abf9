"""A swarm of three VMs: the routing mesh, virtual IPs and names, also after a stop."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.support.labs_command import LabsRunner

NODES = ("node1", "node2", "node3")
# Each task serves the name of its container.
SERVE = "hostname >/usr/share/nginx/html/index.html && exec nginx -g 'daemon off;'"


def _run_on(labs: LabsRunner, node: str, *argv: str) -> str:
    result = labs("exec", node, "--", *argv)
    assert 0 == result.returncode, result.stdout + result.stderr
    return str(result.stdout)


def _request(labs: LabsRunner, node: str, address: str, times: int = 6) -> set[str]:
    """Send several requests to a published port, and return the names of the tasks that answered."""
    script = f"for _ in $(seq {times}); do curl --silent --show-error --max-time 5 http://{address}/ || exit; done"
    return set(labs("exec", node, "--", "sh", "-c", script).stdout.split())


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not (is_met := condition()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return is_met


def _list_tasks(labs: LabsRunner) -> set[str]:
    """Return the host names of the service's containers, which are their short ids."""
    return {name for node in NODES for name in _run_on(labs, node, "docker", "ps", "--quiet").split()}


@pytest.fixture(scope="module")
def web(uml_labs: LabsRunner, swarm: str) -> str:
    """Create a service with two replicas on three nodes, on its own network, published on port 8080."""
    _run_on(uml_labs, "node1", "docker", "network", "create", "--driver", "overlay", "--attachable", "net")
    create = ["docker", "service", "create", "--quiet", "--detach", "--name", "web", "--replicas", "2"]
    _run_on(uml_labs, "node1", *create, "--network", "net", "--publish", "8080:80", "nginx:alpine", "sh", "-c", SERVE)
    assert _wait_for(lambda: all(2 == len(_request(uml_labs, node, "localhost:8080")) for node in NODES))
    return "web"


def test_routing_mesh(uml_labs: LabsRunner, web: str) -> None:
    """Each of the three nodes answers on the published port under every name, and forwards to both tasks."""
    tasks = _list_tasks(uml_labs)
    assert 2 == len(tasks)
    answers = [
        _request(uml_labs, node, f"{host}:8080") for node in NODES for host in ("localhost", "127.0.0.1", *NODES)
    ]
    assert [tasks] * 15 == answers


def test_virtual_ip(uml_labs: LabsRunner, web: str) -> None:
    """The service's name resolves to one virtual IP, which forwards to all tasks."""
    script = "getent hosts web; for _ in 1 2 3 4 5 6; do curl --silent --show-error --max-time 5 http://web/; done"
    output = _run_on(uml_labs, "node3", "docker", "run", "--rm", "--network", "net", "nginx:alpine", "sh", "-c", script)
    address, *answers = output.splitlines()
    virtual = _run_on(
        uml_labs, "node1", "docker", "service", "inspect", "web", "--format", "{{json .Endpoint.VirtualIPs}}"
    )
    assert f'"{address.split()[0]}/' in virtual
    assert _list_tasks(uml_labs) == set(answers)


def test_tasks_name(uml_labs: LabsRunner, web: str) -> None:
    """`tasks.NAME` resolves to the address of every task, and to none of the virtual IPs."""
    lookup = ["docker", "run", "--rm", "--network", "net", "nginx:alpine", "getent", "ahostsv4"]
    tasks = {line.split()[0] for line in _run_on(uml_labs, "node3", *lookup, "tasks.web").splitlines()}
    virtual = {line.split()[0] for line in _run_on(uml_labs, "node3", *lookup, "web").splitlines()}
    assert (2, 1, set()) == (len(tasks), len(virtual), tasks & virtual)


def test_swarm_after_stop_and_start(uml_labs: LabsRunner, web: str) -> None:
    """After a stop and a start the swarm has the same three members, and the service answers on each of them."""
    before = _run_on(uml_labs, "node1", "docker", "node", "ls", "--format", "{{.ID}} {{.Hostname}} {{.Status}}")
    assert 3 == before.count("Ready")
    assert 0 == uml_labs("stop").returncode
    assert "trio  stopped  (driver uml)" in uml_labs("status").stdout
    assert "are stopped" in uml_labs("exec", "node1", "--", "true").stderr
    resumed = uml_labs("start", "trio")
    assert "Resumed trio in " in resumed.stdout, resumed.stderr
    assert _wait_for(lambda: all(2 == len(_request(uml_labs, node, "localhost:8080")) for node in NODES), 120)
    assert before == _run_on(uml_labs, "node1", "docker", "node", "ls", "--format", "{{.ID}} {{.Hostname}} {{.Status}}")
