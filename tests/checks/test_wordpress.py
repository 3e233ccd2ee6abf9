"""What blogs say, asked by real requests to a server that answers as WordPress does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from checks import wordpress
from checks.expect import NotYet
from checks.lab_nodes import CheckNode
from checks.wordpress import Post
from tests import helpers

FIRST = {"slug": "hello-world", "title": {"rendered": "Hello world!"}, "date_gmt": "2026-01-01T10:00:00"}
OWN = {"slug": "ink", "title": {"rendered": "Ink &amp; paper"}, "date_gmt": "2026-01-01T10:05:00"}
BROKEN = "<title>Database Error</title><h1>Error establishing a\n database <em>connection</em></h1>"
ANSWERS = {
    "written": (200, json.dumps([OWN, FIRST])),
    "silent": (200, json.dumps([FIRST])),
    "empty": (302, ""),
    "broken": (500, BROKEN),
    "other": (200, "<p>nginx</p>"),
}


class _Blogs(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code, body = ANSWERS[self.path.split("/")[1]]
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/wp-admin/install.php")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def base() -> Iterator[str]:
    """Yield the address of a server with one blog of each kind."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Blogs) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def node(tmp_path: Path) -> CheckNode:
    """Return a node to ask from."""
    return CheckNode(helpers.LocalNode(tmp_path))


def test_posts(node: CheckNode, base: str) -> None:
    """The posts of a blog are those that somebody has written, with their titles as text and their dates."""
    address = f"{base}/written"
    answer = wordpress.fetch_blogs(node, (address,))[address]
    assert answer.is_serving
    written = datetime(2026, 1, 1, 10, 5, tzinfo=UTC)
    assert (Post("Ink & paper", written),) == wordpress.extract_posts(node, address, answer)


@pytest.mark.parametrize(
    ("blog", "serves", "says"),
    [
        ("silent", True, "has no post except WordPress's sample post"),
        ("empty", True, "is not installed yet: its database is empty"),
        ("broken", False, "says 500: 'Error establishing a database connection'"),
        ("other", False, "says 200: 'nginx'"),
    ],
)
def test_no_posts(node: CheckNode, base: str, blog: str, serves: bool, says: str) -> None:
    """A blog without posts of somebody's own is told in its own words."""
    address = f"{base}/{blog}"
    answer = wordpress.fetch_blogs(node, (address,))[address]
    assert serves == answer.is_serving
    with pytest.raises(NotYet) as caught:
        wordpress.extract_posts(node, address, answer)
    assert f"the blog at {address} {says}" == caught.value.observed


def test_nobody_there(node: CheckNode, base: str) -> None:
    """Several addresses are asked at once, and one where nobody listens does not answer."""
    closed = "http://127.0.0.1:9"
    answers = wordpress.fetch_blogs(node, (closed, f"{base}/written"))
    assert (False, "does not answer") == (answers[closed].is_serving, answers[closed].summary)
    assert 200 == answers[f"{base}/written"].code


SETTINGS = """
define('AUTH_KEY', getenv_docker('WORDPRESS_AUTH_KEY', 'made by this container'));
define( "NONCE_SALT", "plain" );
"""


def test_fingerprints() -> None:
    """Two keys have one fingerprint if the same value counts for both, wherever it is given."""
    own, given = (
        wordpress.fingerprint_keys({}, SETTINGS),
        wordpress.fingerprint_keys({"WORDPRESS_AUTH_KEY": "a"}, SETTINGS),
    )
    assert own["AUTH_KEY"] not in ("", given["AUTH_KEY"])
    assert given["AUTH_KEY"] == wordpress.fingerprint_keys({"WORDPRESS_AUTH_KEY": "a"}, "")["AUTH_KEY"]
    assert own["NONCE_SALT"] == wordpress.fingerprint_keys({}, "define('NONCE_SALT', 'plain');")["NONCE_SALT"] != ""
    assert "" == own["LOGGED_IN_KEY"]
    assert 8 == len(own)
