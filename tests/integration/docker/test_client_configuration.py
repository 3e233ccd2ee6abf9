"""Nodes and the user's own network: the Docker configuration file, proxies, and the routes of a VPN."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.docker_leftovers import run_docker
from tests.support.helpers import CHECKOUT
from tests.support.labs_command import LabsRunner
from tests.support.second_engine import REQUIRES_ROOT

DEAD_PROXY = "http://127.0.0.1:9"
CONFIG = {
    "proxies": {"default": {"httpProxy": DEAD_PROXY, "httpsProxy": DEAD_PROXY, "noProxy": "*.corp.example"}},
    "HttpHeaders": {"X-Labs-Test": "yes"},
    "detachKeys": "ctrl-x",
}


class Proxy(ThreadingHTTPServer):
    """An HTTP proxy that answers every request itself."""

    def __init__(self, address: str) -> None:
        super().__init__((address, 0), _ProxyHandler)
        self.url = f"http://{address}:{self.server_port}"
        self.requests: list[str] = []


class _ProxyHandler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        """Answer a request."""
        self.server.requests.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from the proxy")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Yield a proxy that nodes can reach."""
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    # A node has its own bridge with the first address of each of the engine's usual networks.
    address = next((address for address in addresses if not address.startswith(("172.", "10.213."))), None)
    if address is None:
        pytest.skip("this host has no address that nodes can reach")
    with Proxy(address) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.usefixtures("clean")
def test_no_proxy_in_containers(labs: LabsRunner, environment: dict[str, str], tmp_path: Path) -> None:
    """Proxies of the Docker configuration file and of the environment reach neither the nodes nor the mirror."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    variables = {"DOCKER_CONFIG": str(tmp_path), "HTTP_PROXY": DEAD_PROXY, "https_proxy": DEAD_PROXY}
    result = labs("start", "solo", env=variables)
    assert 0 == result.returncode, result.stderr
    containers = run_docker("ps", "--quiet", "--filter", f"label=labs.project={environment['LABS_PROJECT']}").split()
    assert 2 == len(containers)
    assert "proxy" not in run_docker("inspect", "--format", "{{.Config.Env}}", *containers).lower()
    assert "proxy" not in labs("exec", "node1", "--", "env", env=variables).stdout.lower()
    pulled = labs("exec", "node1", "--", "docker", "pull", "--quiet", "busybox:latest", env=variables)
    assert 0 == pulled.returncode, pulled.stderr


@pytest.mark.usefixtures("clean")
def test_requested_proxy(labs: LabsRunner, proxy: Proxy) -> None:
    """With LABS_NODE_PROXY, nodes reach the Internet through the proxy, and nodes and the mirror without it."""
    result = labs("start", "solo", env={"LABS_NODE_PROXY": proxy.url})
    assert 0 == result.returncode, result.stderr
    assert "from the proxy" == labs("exec", "node1", "--", "curl", "-s", "http://example.com/page").stdout
    assert ["http://example.com/page"] == proxy.requests
    for address in ("node1", "localhost", "127.0.0.1", "$(hostname -i)"):
        labs("exec", "node1", "--", "sh", "-c", f"curl -s -m 5 http://{address}:9")
    assert 0 == labs("exec", "node1", "--", "docker", "pull", "--quiet", "busybox:latest").returncode
    assert ["http://example.com/page"] == proxy.requests


def test_invalid_setting_keeps_nodes(labs: LabsRunner, trio: str) -> None:
    """A setting that is not valid is an error before `labs reset` removes the nodes."""
    for variable, value in (("LABS_NODE_PROXY", "banana"), ("LABS_SUBNET", "10.99.3.7/24")):
        result = labs("reset", trio, env={variable: value})
        assert 2 == result.returncode, result.stderr
        assert f"{variable} is '{value}'" in result.stderr
    assert 0 == labs("exec", "--lab", trio, "node1", "--", "true").returncode


def start_behind_routes(environment: dict[str, str], *commands: str) -> subprocess.CompletedProcess[str]:
    """Start a lab in a network namespace that has only these routes; the engine is outside of it."""
    return run_behind_routes(["start", "solo", "--driver", "docker"], environment, *commands)


def run_behind_routes(
    arguments: list[str], environment: dict[str, str], *commands: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of labs in a network namespace that has only these routes."""
    lines = ["ip link set lo up", *(f"ip {command}" for command in commands)]
    lines.append(f"exec {shlex.join([sys.executable, '-m', 'runner', *arguments])}")
    argv = ["unshare", "--net", "sh", "-ec", "\n".join(lines)]
    return subprocess.run(argv, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=300)


def read_address(labs: LabsRunner) -> str:
    """Return the address of a node."""
    return labs("exec", "node1", "--", "hostname", "-i").stdout


@REQUIRES_ROOT
@pytest.mark.usefixtures("clean")
def test_vpn_route(labs: LabsRunner, environment: dict[str, str]) -> None:
    """If a route covers the usual network, the nodes get another one; both halves of a default route cover nothing."""
    halves = ["route add 0.0.0.0/1 dev lo", "route add 128.0.0.0/1 dev lo"]
    result = start_behind_routes(environment, "route add 10.0.0.0/8 dev lo", *halves)
    assert 0 == result.returncode, result.stderr
    assert read_address(labs).startswith("172.16.")


@REQUIRES_ROOT
@pytest.mark.usefixtures("clean")
def test_no_routes(labs: LabsRunner, environment: dict[str, str]) -> None:
    """A host without any route starts nodes on the usual network."""
    result = start_behind_routes(environment)
    assert 0 == result.returncode, result.stderr
    assert read_address(labs).startswith("10.213.")


@REQUIRES_ROOT
@pytest.mark.usefixtures("clean")
def test_all_private_networks_routed(labs: LabsRunner, environment: dict[str, str]) -> None:
    """If policy routing covers all private networks, the error names a route, and LABS_SUBNET is the way out."""
    blocks = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15")
    commands = [*(f"route add {block} dev lo table 52" for block in blocks), "rule add lookup 52"]
    result = start_behind_routes(environment, *commands)
    assert 4 == result.returncode, result.stderr
    assert "10.213.0.0/16 and 10.21.0.0/16 by the route '10.0.0.0/8 dev lo table 52'" in result.stderr
    assert "Set LABS_SUBNET" in result.stderr
    result = start_behind_routes({**environment, "LABS_SUBNET": "100.64.9.0/24"}, *commands)
    assert 0 == result.returncode, result.stderr
    assert read_address(labs).startswith("100.64.9.11")


@REQUIRES_ROOT
def test_doctor_shows_subnet(environment: dict[str, str]) -> None:
    """Doctor shows the subnet of the next nodes, and the route or the setting that leaves none."""
    variables = {**environment, "LABS_DRIVER": "docker"}
    result = run_behind_routes(["doctor"], variables, "route add 10.0.0.0/8 dev lo")
    assert (0, True) == (result.returncode, "the next nodes get addresses in 172.16." in result.stdout), result.stdout
    result = run_behind_routes(["doctor"], {**variables, "LABS_SUBNET": "10.99.0.0/16"}, "route add 10.0.0.0/8 dev lo")
    assert 4 == result.returncode
    assert "10.99.0.0/16 by the route '10.0.0.0/8 dev lo'" in result.stdout
    result = run_behind_routes(["doctor"], {**variables, "LABS_SUBNET": "banana"})
    assert 4 == result.returncode
    assert "LABS_SUBNET is 'banana'" in result.stdout
