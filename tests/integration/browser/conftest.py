"""Fixtures: a real Chromium, and the built site of the labs in this repository."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from runner.cli import _reference
from runner.site_builder import build

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# Package scope, not session scope: while Playwright is running, no other test can run its own event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return the Chromium of this computer, without a window."""
    program = os.environ.get("LABS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    assert program, "no Chromium is installed: apt-get install chromium"
    with sync_playwright() as playwright:
        # Chromium refuses to run as root with its sandbox; the tests open only our own pages.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site of the labs in this repository, with the documentation."""
    out = tmp_path_factory.mktemp("site")
    build.build_site(out, generated_docs=_reference.render_generated_docs())
    return out


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """Return the address where the site is served."""
    with serve_folder(folder) as url:
        yield url


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve a folder like an ordinary web server."""

    class QuietHandler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Do not log requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return the browser context of a new reader."""
    new_context = browser.new_context(viewport={"width": 1280, "height": 900})
    new_context.set_default_timeout(15_000)
    yield new_context
    new_context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a page of that reader; script errors and requests to other hosts fail the test."""
    new_page = context.new_page()
    problems: list[str] = []
    new_page.on("pageerror", lambda error: problems.append(str(error)))
    new_page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    new_page.on("request", lambda request: problems.append(request.url) if not _is_local(request.url) else None)
    yield new_page
    assert [] == problems


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "file:///", "data:"))
