"""A real Chromium, and the site of a small tree and of the labs that come with this program."""

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

from runner.site_builder import build

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# Not for the whole session: while it is open no other test could run an event loop of its own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return this machine's own Chromium, without a window."""
    program = os.environ.get("LABS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    assert program, "no Chromium is installed: apt-get install chromium"
    with sync_playwright() as playwright:
        # As root, as in containers, it runs only without its sandbox; it reads nothing here but our own pages.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built site of the labs that come with this program."""
    out = tmp_path_factory.mktemp("site")
    build.build(out)
    return out


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """Return where the site is served."""
    with serving(folder) as found:
        yield found


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder as any web server would."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}/"
    made.shutdown()
    made.server_close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return a reader who was never here before."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return that reader's page, on which no script fails and nothing is asked of other hosts."""
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    made.on("request", lambda asked: problems.append(asked.url) if not _is_ours(asked.url) else None)
    yield made
    assert [] == problems


def _is_ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "file:///", "data:"))
