"""The live server of `labs site serve`."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.errors import HostError
from runner.site_builder import live_server
from runner.site_builder.live_server import LiveUpdates, serve_site_in_background, watch_folders


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder with a front page and a 404 page."""
    (tmp_path / "index.html").write_text("front", "utf-8")
    (tmp_path / "404.html").write_text("not found", "utf-8")
    return tmp_path


@pytest.fixture
def updates() -> LiveUpdates:
    """Return the updates that pages subscribe to."""
    return LiveUpdates()


@pytest.fixture
def address(site: Path, updates: LiveUpdates) -> Iterator[str]:
    """Return the address of the served folder."""
    with serve_site_in_background(site, 0, updates) as address:
        yield address


def test_pages(address: str) -> None:
    """Pages are served on the loopback address, and browsers do not cache them."""
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert (b"front", "no-store") == (answer.read(), answer.headers["Cache-Control"])


def test_not_found(address: str) -> None:
    """A missing page is answered with the site's own 404 page."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}missing/page", timeout=10)
    assert (404, b"not found") == (caught.value.code, caught.value.read())


def test_other_names(address: str) -> None:
    """A request with the host name of another site is refused (DNS rebinding)."""
    connection = http.client.HTTPConnection("127.0.0.1", int(address.rpartition(":")[2].strip("/")), timeout=10)
    connection.request("GET", "/.live", headers={"Host": "evil.example"})
    assert 403 == connection.getresponse().status


def test_nothing_outside(address: str, site: Path) -> None:
    """Files outside the folder are not served."""
    (site.parent / "secret").write_text("secret", "utf-8")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}%2e%2e/secret", timeout=10)
    assert 404 == caught.value.code


def test_live(address: str, updates: LiveUpdates) -> None:
    """A page receives the current progress at once, and then every change."""
    with urllib.request.urlopen(f"{address}.live", timeout=10) as stream:
        assert ["event: progress\n", "data: {}\n"] == [stream.readline().decode() for _ in range(2)]
        stream.readline()
        updates.announce_progress({"tiny": ["look"]})
        assert b"event: progress\n" == stream.readline()
        assert {"tiny": ["look"]} == json.loads(stream.readline().removeprefix(b"data: "))


def test_rebuilt(address: str, updates: LiveUpdates) -> None:
    """A page is notified when the site was built again."""
    with urllib.request.urlopen(f"{address}.live", timeout=10) as stream:
        for _ in range(3):
            stream.readline()
        updates.announce_rebuild()
        lines = [stream.readline().decode() for _ in range(4)]
    assert "event: rebuilt\n" in lines


def test_port_taken(site: Path) -> None:
    """A port in use is an error that suggests another port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(HostError) as caught, serve_site_in_background(site, port, LiveUpdates()):
            pass
    assert f"Cannot serve the site on port {port}: Address already in use." == caught.value.message
    assert "labs site serve --port 0" in caught.value.advice


def test_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changed, new and deleted files are each noticed."""
    monkeypatch.setattr(live_server, "_POLL_SECONDS", 0.05)
    changes: list[str] = []
    stop = threading.Event()
    file = tmp_path / "lesson.md"
    file.write_text("one", "utf-8")
    changes_to_make: list[Callable[[], object]] = [
        lambda: file.write_text("two!", "utf-8"),
        (tmp_path / "new").touch,
        file.unlink,
        stop.set,
    ]

    def make_next_change() -> None:
        changes_to_make.pop(0)()

    watch_folders([tmp_path], lambda: changes.append("changed"), make_next_change, stop)
    assert ["changed"] * 3 == changes
