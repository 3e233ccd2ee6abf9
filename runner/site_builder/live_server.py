"""Shows the site on loopback, builds it again as lessons change, and tells pages of it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from runner.errors import HostError

HOST = "127.0.0.1"
# How often a page that hears nothing is sent a sign of life, by which we notice that it has gone.
_BREATH = 15.0

Reached = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class News:
    """What pages are told, kept so that each of many listeners misses nothing."""

    builds: int = 0
    reached: Reached = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def rebuilt(self) -> None:
        """Tell that the site was built again."""
        with self._changed:
            self.builds += 1
            self._changed.notify_all()

    def has_reached(self, reached: Reached) -> None:
        """Tell which steps of which labs the learner has passed."""
        with self._changed:
            if reached != self.reached:
                self.reached = reached
                self._changed.notify_all()

    def events(self) -> Iterator[str]:
        """Yield events as pages understand them, for ever: the present progress first, then all that changes."""
        builds, reached = self.builds, self.reached
        yield _event("progress", reached)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: (self.builds, self.reached) != (builds, reached), _BREATH)  # noqa: B023
                now = self.builds, self.reached
            yield _event("progress", now[1]) if now[1] != reached else ": still here\n\n"
            if now[0] != builds:
                yield _event("rebuilt", now[0])
            builds, reached = now


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


@contextmanager
def server(folder: Path, port: int, news: News) -> Iterator[str]:
    """Serve a folder while the block runs.

    Args:
        folder: The built site.
        port: The port; 0 for one that is free.
        news: What pages are told.

    Yields:
        The site's address.

    Raises:
        HostError: The port is taken.

    """
    try:
        made = http.server.ThreadingHTTPServer((HOST, port), partial(_Handler, news=news, directory=str(folder)))
    except OSError as error:
        message = f"The site cannot be shown on port {port}: {error.strerror}."
        raise HostError(message, "Choose another one: 'labs site serve --port 0' takes any that is free.") from None
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{made.server_port}/"
    finally:
        made.shutdown()
        made.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args: object, news: News, directory: str) -> None:
        self._news = news
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        # Only who typed our address may read a learner's progress, and no other site by a name that leads here.
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in (HOST, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
        elif urlsplit(self.path).path == "/.live":
            self._tell()
        else:
            super().do_GET()

    def _tell(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for event in self._news.events():
                self.wfile.write(event.encode())
        except (BrokenPipeError, ConnectionResetError):
            return

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        lost = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not lost.is_file():
            super().send_error(code, message, explain)
            return
        data = lost.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def end_headers(self) -> None:
        # Not even asked whether it has changed: times of files are compared by the second, and builds are quicker.
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing of what is fetched."""


def fingerprint(folders: Sequence[Path]) -> frozenset[tuple[str, int, int]]:
    """Return what changes whenever a file in these folders does."""
    found = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                stat = path.stat()
                found.add((str(path), stat.st_mtime_ns, stat.st_size))
    return frozenset(found)


def watch(
    folders: Sequence[Path], changed: Callable[[], None], every: Callable[[], None], stop: threading.Event
) -> None:
    """Call `changed` whenever a file in these folders changes, and `every` a little later each time, until stopped."""
    before = fingerprint(folders)
    while not stop.wait(0.7):
        now = fingerprint(folders)
        if now != before:
            before = now
            changed()
        every()
