"""Tests of a Docker client that ignores the user's Docker configuration file, with a server in place of the engine."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from docker.errors import DockerException

from runner.nodes.docker_client import IsolatedDockerClient
from tests.support import helpers

SECRET = "c3ecret"
CONFIG = {
    "proxies": {"default": {"httpProxy": "http://c3ecret:9", "httpsProxy": "http://c3ecret:9", "noProxy": "c3ecret"}},
    "HttpHeaders": {"X-Secret": SECRET},
    "detachKeys": SECRET,
    "auths": {"https://index.docker.io/v1/": {"auth": base64.b64encode(b"ada:c3ecret").decode()}},
}


class Engine(ThreadingHTTPServer):
    """Records requests, and answers each of them with a container."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Engine

    def do_POST(self) -> None:
        """Record a request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = [f"{name}: {_decode(value)}" for name, value in self.headers.items()]
        self.server.requests.append("\n".join([self.path, *headers, body.decode("utf-8", "replace")]))
        content = b'{"Id": "abc"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _decode(value: str) -> str:
    """Decode the credentials of a header, which are JSON in base64."""
    try:
        return base64.urlsafe_b64decode(value).decode()
    except ValueError:
        return value


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Yield a server that has no requests yet."""
    with Engine() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IsolatedDockerClient:
    """Return a client of the server, for a user with a full configuration file."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    host, port = engine.server_address[:2]
    return IsolatedDockerClient(base_url=f"tcp://{host!s}:{port}", version="1.44")


def test_nothing_is_sent(client: IsolatedDockerClient, engine: Engine) -> None:
    """No request contains proxies, headers, keys or passwords of the file."""
    api = client.api
    api.create_container("nginx", environment={"COLOUR": "blue"})
    api.exec_create("abc", ["true"], tty=True)
    api.pull("nginx", tag="alpine", stream=True)
    api.push("nginx", tag="alpine", stream=True)
    list(api.build(fileobj=io.BytesIO(b""), custom_context=True, tag="one"))
    assert 5 == len(engine.requests)
    assert "COLOUR=blue" in engine.requests[0]
    assert [] == [request for request in engine.requests if SECRET in request or "proxy" in request.lower()]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_proxy_of_the_host(host: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine on the loopback interface is reached directly, even if the environment names a proxy."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    client = IsolatedDockerClient(base_url=f"tcp://{host}:{engine.server_port}", version="1.44")
    assert {"Id": "abc"} == client.api.create_container("nginx")


def test_own_credentials(client: IsolatedDockerClient, engine: Engine) -> None:
    """Credentials that the caller passes are sent."""
    client.api.pull("nginx", tag="alpine", stream=True, auth_config={"username": "ada", "password": SECRET})
    assert SECRET in engine.requests[0]


def test_deep_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be parsed because it is nested too deeply is an error of the SDK like others."""
    (tmp_path / "config.json").write_text("[" * 200_000)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(DockerException, match="nested too deeply"):
        IsolatedDockerClient(base_url="tcp://127.0.0.1:9", version="1.44")
