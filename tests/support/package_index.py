"""A package index on the loopback interface, which serves the distribution of this checkout as PyPI would."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support import ci_runners

DISTRIBUTION = "orchestration-labs"
# `uv` and `uvx` are in the folder of the Python program, whether its environment is activated or not.
UV, UVX = (str(Path(sys.executable).with_name(name)) for name in ("uv", "uvx"))


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


@contextmanager
def serve_checkout(folder: Path) -> Iterator[str]:
    """Build the wheel of this checkout, and provide the address of an index that has only this wheel.

    The page of a project in the simple API (PEP 503) is a list of links, like the list of a folder's files.

    Args:
        folder: An empty folder for the index.

    """
    project = folder / "simple" / DISTRIBUTION
    project.mkdir(parents=True)
    # Not in the checkout itself, where other tests may write files at the same time.
    source = ci_runners.create_checkout_repository(folder / "source")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", project, source], check=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    server.server_close()
