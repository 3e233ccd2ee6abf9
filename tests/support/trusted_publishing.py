"""Servers on the loopback interface that act as PyPI and as GitHub's issuer of tokens for trusted publishing."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_REQUEST_TOKEN, _IDENTITY_TOKEN, _UPLOAD_TOKEN = "request-token", "identity.token", "upload-token"


@dataclass
class TrustedPublishing:
    """What a publishing command needs, and what it did.

    Attributes:
        variables: The environment variables that GitHub and a release workflow would set.
        uploads: The bodies of the uploads that had a valid token.
        refused_paths: The paths of requests that PyPI or GitHub would refuse.

    """

    variables: dict[str, str] = field(default_factory=dict)
    uploads: list[bytes] = field(default_factory=list)
    refused_paths: list[str] = field(default_factory=list)


@contextmanager
def serve_trusted_publishing(folder: Path) -> Iterator[TrustedPublishing]:
    """Serve both over TLS, and provide what a command needs to publish to them.

    Args:
        folder: A folder for the certificate.

    """
    record = TrustedPublishing()
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *arguments: _Handler(record, *arguments))
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    usage = [
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-days",
        "2",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([*request, *names, *usage], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"https://127.0.0.1:{server.server_port}"
    record.variables |= {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{address}/identity?run=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": _REQUEST_TOKEN,
        "UV_PUBLISH_URL": f"{address}/legacy/",
        "SSL_CERT_FILE": str(certificate),
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield record
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of https://docs.pypi.org/trusted-publishers/internals/."""

    def __init__(self, record: TrustedPublishing, *arguments: object) -> None:
        self._record = record
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer PyPI's audience, and GitHub's identity token for that audience."""
        if self.path == "/_/oidc/audience":
            self._answer({"audience": "pypi"})
        elif (
            self.path == "/identity?run=1&audience=pypi" and self.headers["Authorization"] == f"Bearer {_REQUEST_TOKEN}"
        ):
            self._answer({"value": _IDENTITY_TOKEN})
        else:
            self._refuse()

    def do_POST(self) -> None:
        """Exchange the identity token for an upload token, and accept uploads with it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/_/oidc/mint-token" and json.loads(body) == {"token": _IDENTITY_TOKEN}:
            self._answer({"success": True, "token": _UPLOAD_TOKEN})
        elif self.path == "/legacy/" and self.headers["Authorization"] == _format_basic_authorization():
            self._record.uploads.append(body)
            self._answer({})
        elif self.path == "/_/oidc/burn-token":
            self._answer({})
        else:
            self._refuse()

    def _answer(self, content: dict[str, object], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self) -> None:
        self._record.refused_paths.append(self.path)
        self._answer({"message": "refused"}, 403)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


def _format_basic_authorization() -> str:
    return f"Basic {base64.b64encode(f'__token__:{_UPLOAD_TOKEN}'.encode()).decode()}"
