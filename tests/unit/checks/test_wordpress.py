"""Responses of blogs, from real requests to a server that answers like WordPress."""

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
from tests.support import local_nodes

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
        """Log nothing."""


@pytest.fixture
def base() -> Iterator[str]:
    """Yield the address of a server with one blog in each state."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Blogs) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def node(tmp_path: Path) -> CheckNode:
    """Return a node that sends requests."""
    return CheckNode(local_nodes.LocalNode(tmp_path))


def test_posts(node: CheckNode, base: str) -> None:
    """The posts of a blog are those of the learner, with titles as plain text and dates."""
    address = f"{base}/written"
    response = wordpress.fetch_posts_responses(node, (address,))[address]
    assert response.is_serving
    written = datetime(2026, 1, 1, 10, 5, tzinfo=UTC)
    assert (Post("Ink & paper", written),) == wordpress.require_posts(node, address, response)


@pytest.mark.parametrize(
    ("blog", "is_serving", "summary"),
    [
        ("silent", True, "has no post except WordPress's sample post"),
        ("empty", True, "is not installed yet: its database is empty"),
        ("broken", False, "says 500: 'Error establishing a database connection'"),
        ("other", False, "says 200: 'nginx'"),
    ],
)
def test_no_posts(node: CheckNode, base: str, blog: str, is_serving: bool, summary: str) -> None:
    """The failure for a blog without posts of the learner describes its response."""
    address = f"{base}/{blog}"
    response = wordpress.fetch_posts_responses(node, (address,))[address]
    assert is_serving == response.is_serving
    with pytest.raises(NotYet) as caught:
        wordpress.require_posts(node, address, response)
    assert f"the blog at {address} {summary}" == caught.value.observed


def test_no_answer(node: CheckNode, base: str) -> None:
    """Several addresses are requested at once, and an address without a server does not respond."""
    closed = "http://127.0.0.1:9"
    responses = wordpress.fetch_posts_responses(node, (closed, f"{base}/written"))
    assert (False, "does not answer") == (responses[closed].is_serving, responses[closed].summary_phrase)
    assert 200 == responses[f"{base}/written"].code


SETTINGS = """
define('AUTH_KEY', getenv_docker('WORDPRESS_AUTH_KEY', 'made by this container'));
define( "NONCE_SALT", "plain" );
"""


def test_key_fingerprints() -> None:
    """Two keys have the same hash if WordPress uses the same value for them, whether from a variable or a file."""
    variables = {"WORDPRESS_AUTH_KEY": "a"}
    from_file = wordpress.hash_cookie_keys({}, SETTINGS)
    from_variable = wordpress.hash_cookie_keys(variables, SETTINGS)
    other_quotes = wordpress.hash_cookie_keys({}, "define('NONCE_SALT', 'plain');")
    assert from_file["AUTH_KEY"] not in ("", from_variable["AUTH_KEY"])
    assert from_variable["AUTH_KEY"] == wordpress.hash_cookie_keys(variables, "")["AUTH_KEY"]
    assert from_file["NONCE_SALT"] == other_quotes["NONCE_SALT"] != ""
    assert "" == from_file["LOGGED_IN_KEY"]
    assert 8 == len(from_file)
