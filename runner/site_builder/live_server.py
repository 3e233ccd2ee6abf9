"""Serve the built site on the loopback interface, watch its sources, and send live updates to open pages."""

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

LOOPBACK_ADDRESS = "127.0.0.1"
# How often an idle page is sent a comment: only a failing write shows that the page has been closed.
_KEEPALIVE_SECONDS = 15.0
_POLL_SECONDS = 0.7
# How often the server looks whether it should shut down.
_SHUTDOWN_POLL_SECONDS = 0.05

PassedSteps = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class LiveUpdates:
    """The state that open pages show.

    The stream of each page compares it with the state sent last, so that no page misses a change.
    """

    build_count: int = 0
    passed_steps: PassedSteps = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def announce_rebuild(self) -> None:
        """Make pages reload, because the site was built again."""
        with self._changed:
            self.build_count += 1
            self._changed.notify_all()

    def announce_progress(self, passed_steps: PassedSteps) -> None:
        """Send pages the steps that the learner has passed, by lab name."""
        with self._changed:
            if passed_steps != self.passed_steps:
                self.passed_steps = passed_steps
                self._changed.notify_all()

    def stream_events(self) -> Iterator[str]:
        """Yield server-sent events without end: first the current progress, then every change."""
        build_count, passed_steps = self.build_count, self.passed_steps
        yield _format_event("progress", passed_steps)
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: (self.build_count, self.passed_steps) != (build_count, passed_steps),  # noqa: B023
                    _KEEPALIVE_SECONDS,
                )
                new_build_count, new_passed_steps = self.build_count, self.passed_steps
            if new_passed_steps != passed_steps:
                yield _format_event("progress", new_passed_steps)
            else:
                yield ": keep-alive\n\n"
            if new_build_count != build_count:
                yield _format_event("rebuilt", new_build_count)
            build_count, passed_steps = new_build_count, new_passed_steps


def _format_event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


@contextmanager
def serve_site_in_background(folder: Path, port: int, updates: LiveUpdates) -> Iterator[str]:
    """Serve a built site while the block runs.

    Args:
        folder: The built site.
        port: The port; 0 for any free port.
        updates: The updates that pages subscribe to at `/.live`.

    Yields:
        The site's address.

    Raises:
        HostError: The port is already in use, or may not be used.

    """
    handler = partial(_RequestHandler, updates=updates, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer((LOOPBACK_ADDRESS, port), handler)
    except OSError as error:
        message = f"Cannot serve the site on port {port}: {error.strerror}."
        raise HostError(message, "Choose another port, or any free port with 'labs site serve --port 0'.") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(_SHUTDOWN_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK_ADDRESS}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _RequestHandler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args: object, updates: LiveUpdates, directory: str) -> None:
        self._updates = updates
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        # Prevents DNS rebinding: another site, whose name resolves to this address, must not read the progress.
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in (LOOPBACK_ADDRESS, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
        elif urlsplit(self.path).path == "/.live":
            self._send_events()
        else:
            super().do_GET()

    def _send_events(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for event in self._updates.stream_events():
                self.wfile.write(event.encode())
        except (BrokenPipeError, ConnectionResetError):
            return

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        not_found_page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not not_found_page.is_file():
            super().send_error(code, message, explain)
            return
        data = not_found_page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def end_headers(self) -> None:
        # Revalidation is not enough: modification times are compared by the second, and builds are faster than that.
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Do not log requests."""


def fingerprint_folders(folders: Sequence[Path]) -> frozenset[tuple[str, int, int]]:
    """Return the path, modification time and size of every file in these folders."""
    fingerprint = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                stat = path.stat()
                fingerprint.add((str(path), stat.st_mtime_ns, stat.st_size))
    return frozenset(fingerprint)


def watch_folders(
    folders: Sequence[Path], on_change: Callable[[], None], on_poll: Callable[[], None], stop: threading.Event
) -> None:
    """Poll folders for changes until stopped.

    Args:
        folders: The folders; files in their subfolders count too.
        on_change: Called when a file was changed, added or removed.
        on_poll: Called after every poll.
        stop: Ends the loop when set.

    """
    last_fingerprint = fingerprint_folders(folders)
    while not stop.wait(_POLL_SECONDS):
        fingerprint = fingerprint_folders(folders)
        if fingerprint != last_fingerprint:
            last_fingerprint = fingerprint
            on_change()
        on_poll()
