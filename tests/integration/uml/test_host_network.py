"""VMs on a host whose own network is unusual: routes of a VPN, no routes, and proxies in the environment."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.helpers import CHECKOUT
from tests.support.labs_command import LabsRunner
from tests.support.second_engine import REQUIRES_ROOT

DEAD_PROXY = "http://127.0.0.1:9"
VPN_ROUTES = [f"route add {block} dev lo" for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


@REQUIRES_ROOT
@pytest.mark.usefixtures("uml_clean")
@pytest.mark.parametrize("routes", [VPN_ROUTES, []], ids=["VPN", "no routes"])
def test_routes_do_not_concern_vms(
    routes: list[str], uml_labs: LabsRunner, uml_environment: dict[str, str], tmp_path: Path
) -> None:
    """VMs start with their usual addresses and without a proxy, whatever routes and proxies this host has."""
    config = {"proxies": {"default": {"httpProxy": DEAD_PROXY, "httpsProxy": DEAD_PROXY}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    variables = {**uml_environment, "DOCKER_CONFIG": str(tmp_path), "HTTP_PROXY": DEAD_PROXY, "http_proxy": DEAD_PROXY}
    start = shlex.join([sys.executable, "-m", "runner", "start", "solo", "--driver", "uml"])
    script = "\n".join(["ip link set lo up", *(f"ip {route}" for route in routes), f"exec {start}"])
    argv = ["unshare", "--net", "sh", "-ec", script]
    started = subprocess.run(argv, cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=False)
    assert 0 == started.returncode, started.stderr
    assert "10.213.0.11" in uml_labs("exec", "node1", "--", "hostname", "-i").stdout
    assert "proxy" not in uml_labs("exec", "node1", "--", "env").stdout.lower()
