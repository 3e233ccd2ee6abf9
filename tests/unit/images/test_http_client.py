"""Requests to real servers: which URLs and redirects are allowed, and what errors say."""

from __future__ import annotations

import datetime
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runner.errors import HostError, UsageError
from runner.images import http_client
from runner.images.http_client import MissingFileError
from tests.support.file_server import FileServer


@pytest.fixture
def server() -> Iterator[FileServer]:
    """Serve a small file without encryption."""
    with FileServer({"/file": b"content"}) as running:
        yield running


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a private key and a certificate for 127.0.0.1 that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "labs test")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    private_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private_key + built.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(
    "url", ["https://example.org/x", "http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]/x"]
)
def test_allowed_urls(url: str) -> None:
    """HTTPS is allowed everywhere, HTTP only to this host."""
    http_client.check_url(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.org/x?secret", r"http://example\.org/x is not encrypted"),
        ("http://127.0.0.1.example.org/x", "is not encrypted"),
        ("ftp://example.org/x", "is not a URL to download from"),
        ("file:///etc/passwd", "is not a URL to download from"),
        ("https:///x", "is not a URL to download from"),
        ("https://[::1/x", "is not a valid URL"),
        ("https://host:port/x", "is not a valid URL"),
    ],
)
def test_refused_urls(url: str, message: str) -> None:
    """Other URLs are refused; the error says why."""
    with pytest.raises(UsageError, match=message):
        http_client.check_url(url)


def test_small_file(server: FileServer) -> None:
    """A small file is read completely, and its size can be asked for."""
    assert b"content" == http_client.fetch_small_file(server.url("/file"))
    assert 7 == http_client.fetch_size(server.url("/file"))


def test_no_proxy_without_encryption(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unencrypted request never leaves this host, even if the environment names a proxy."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "example.org")
    assert b"content" == http_client.fetch_small_file(server.url("/file"))


def test_long_file(server: FileServer) -> None:
    """A file that is too long for a checksum or a signature is refused."""
    server.files["/file"] = b"x" * 20_000
    with pytest.raises(UsageError, match="/file is too long"):
        http_client.fetch_small_file(server.url("/file"))


def test_error_statuses(server: FileServer) -> None:
    """A missing file is an error of the URL, an overloaded server one of the host."""
    with pytest.raises(MissingFileError, match=r"/gone \(404\)"):
        http_client.fetch_small_file(server.url("/gone"))
    server.statuses["/file"] = 503
    with pytest.raises(HostError, match="The server answered 503 Service Unavailable for"):
        http_client.fetch_small_file(server.url("/file"))


def test_redirect_to_unencrypted_host(server: FileServer) -> None:
    """A redirect to HTTP on another host is refused before anything is sent there."""
    server.redirects["/file"] = "http://example.org/file"
    with pytest.raises(UsageError, match=r"http://example\.org/file is not encrypted"):
        http_client.fetch_small_file(server.url("/file"))


def test_redirect_loop(server: FileServer) -> None:
    """A redirect to itself ends with an error."""
    server.redirects["/file"] = "/file"
    with pytest.raises(UsageError, match="redirects more than 5 times"):
        http_client.fetch_small_file(server.url("/file"))
    assert 5 == len(server.requests)


def test_refused_connection() -> None:
    """A server that is not running is reported with the URL and what to do."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
        with pytest.raises(HostError, match=f"Cannot download {url}: the server refused the connection") as caught:
            http_client.fetch_small_file(url)
    assert "Check the network" in caught.value.advice


def test_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts a connection and never answers is reported after the time limit."""
    monkeypatch.setattr(http_client, "_TIMEOUT_SECONDS", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(HostError, match="did not answer in time"):
        http_client.fetch_small_file(f"http://127.0.0.1:{silent.getsockname()[1]}/file")


def test_unknown_host() -> None:
    """A host name that does not exist is reported as such."""
    with pytest.raises(HostError, match="the server's name cannot be resolved"):
        http_client.fetch_small_file("https://labs.invalid/file")


def test_untrusted_certificate(certificate: Path) -> None:
    """A server whose certificate no known authority has signed is refused; the error names the variable to set."""
    with (
        FileServer({"/file": b"content"}, certificate=certificate) as server,
        pytest.raises(HostError, match="the server's certificate is not valid") as caught,
    ):
        http_client.fetch_small_file(server.url("/file"))
    assert "REQUESTS_CA_BUNDLE" in caught.value.advice


def test_own_certificate_authority(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With that variable, the certificate is accepted; a redirect to HTTP is still refused, even to this host."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with FileServer({"/file": b"content"}, certificate=certificate) as server:
        assert b"content" == http_client.fetch_small_file(server.url("/file"))
        server.redirects["/file"] = "http://127.0.0.1:1/file"
        with pytest.raises(UsageError, match=r"redirects to http://127\.0\.0\.1:1/file, which is not encrypted"):
            http_client.fetch_small_file(server.url("/file"))
