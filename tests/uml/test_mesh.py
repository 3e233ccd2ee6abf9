"""A swarm of three machines: the routing mesh, virtual IPs, names, and all of it after a halt."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.conftest import LabsRunner

NODES = ("node1", "node2", "node3")
# Each task's page is its container's name.
SERVE = "hostname >/usr/share/nginx/html/index.html && exec nginx -g 'daemon off;'"


def _on(labs: LabsRunner, node: str, *argv: str) -> str:
    done = labs("exec", node, "--", *argv)
    assert 0 == done.returncode, done.stdout + done.stderr
    return str(done.stdout)


def _asked(labs: LabsRunner, node: str, address: str, times: int = 6) -> set[str]:
    """Ask a published port that often, and return the names of the tasks that answered."""
    script = f"for _ in $(seq {times}); do curl --silent --show-error --max-time 5 http://{address}/ || exit; done"
    return set(labs("exec", node, "--", "sh", "-c", script).stdout.split())


def _await(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return met


def _tasks(labs: LabsRunner) -> set[str]:
    """Return the short ids of the containers that run the service, which are their host names."""
    return {name for node in NODES for name in _on(labs, node, "docker", "ps", "--quiet").split()}


@pytest.fixture(scope="module")
def web(labs: LabsRunner, swarm: str) -> str:
    """Have a service on the swarm: two replicas for three nodes, published on port 8080, on a network of its own."""
    _on(labs, "node1", "docker", "network", "create", "--driver", "overlay", "--attachable", "net")
    create = ["docker", "service", "create", "--quiet", "--detach", "--name", "web", "--replicas", "2"]
    _on(labs, "node1", *create, "--network", "net", "--publish", "8080:80", "nginx:alpine", "sh", "-c", SERVE)
    assert _await(lambda: all(2 == len(_asked(labs, node, "localhost:8080")) for node in NODES))
    return "web"


def test_every_node_answers_on_the_published_port(labs: LabsRunner, web: str) -> None:
    """Each of three nodes answers on the port that two tasks publish, under any name, and reaches both tasks."""
    tasks = _tasks(labs)
    assert 2 == len(tasks)
    answers = [_asked(labs, node, f"{host}:8080") for node in NODES for host in ("localhost", "127.0.0.1", *NODES)]
    assert [tasks] * 15 == answers


def test_the_virtual_ip_spreads_requests(labs: LabsRunner, web: str) -> None:
    """The service's name resolves to one virtual IP, behind which all tasks answer."""
    script = "getent hosts web; for _ in 1 2 3 4 5 6; do curl --silent --show-error --max-time 5 http://web/; done"
    said = _on(labs, "node3", "docker", "run", "--rm", "--network", "net", "nginx:alpine", "sh", "-c", script)
    found, *answers = said.splitlines()
    virtual = _on(labs, "node1", "docker", "service", "inspect", "web", "--format", "{{json .Endpoint.VirtualIPs}}")
    assert f'"{found.split()[0]}/' in virtual
    assert _tasks(labs) == set(answers)


def test_tasks_lists_every_task(labs: LabsRunner, web: str) -> None:
    """`tasks.NAME` resolves to the address of every task, and none of them is the virtual one."""
    lookup = ["docker", "run", "--rm", "--network", "net", "nginx:alpine", "getent", "ahostsv4"]
    tasks = {line.split()[0] for line in _on(labs, "node3", *lookup, "tasks.web").splitlines()}
    virtual = {line.split()[0] for line in _on(labs, "node3", *lookup, "web").splitlines()}
    assert (2, 1, set()) == (len(tasks), len(virtual), tasks & virtual)


def test_stop_and_start_bring_the_same_swarm_back(labs: LabsRunner, web: str) -> None:
    """After a stop and a start the swarm has the same three members, and its service answers on each again."""
    before = _on(labs, "node1", "docker", "node", "ls", "--format", "{{.ID}} {{.Hostname}} {{.Status}}")
    assert 3 == before.count("Ready")
    assert 0 == labs("stop").returncode
    assert "trio  halted  (driver uml)" in labs("status").stdout
    assert "are stopped" in labs("exec", "node1", "--", "true").stderr
    resumed = labs("start", "trio")
    assert "Resumed meshed in " in resumed.stdout, resumed.stderr
    assert _await(lambda: all(2 == len(_asked(labs, node, "localhost:8080")) for node in NODES), 120)
    assert before == _on(labs, "node1", "docker", "node", "ls", "--format", "{{.ID}} {{.Hostname}} {{.Status}}")
