"""Read the state of WordPress blogs, whether they run by hand, by Compose or on a swarm."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checks.expect import fail
from checks.lab_nodes import CheckNode

# The post that WordPress creates in every new blog.
_SAMPLE_POST = "hello-world"
_OK = 200
_RECORD_SEPARATOR, _FIELD_SEPARATOR = "\x1e", "\x1f"
_POSTS_PATH = "/?rest_route=/wp/v2/posts&per_page=50&_fields=slug,title,date_gmt"
# Request all URLs in parallel, because a blog answers slowly; print each answer at once so that they do not mix.
_FETCH_SCRIPT = """
for url; do
    {
        answer=$(curl --silent --max-time 8 --write-out "$0%{http_code} %{redirect_url}" "$url")
        printf '%s\\036' "$url$0$answer"
    } &
done
wait
"""
# The elements that hold the message of an error page, best first.
_MESSAGE_ELEMENTS = tuple(re.compile(rf"<{tag}\b[^>]*>(.*?)</{tag}>", re.DOTALL) for tag in ("h1", "title", "p"))
_TAG = re.compile(r"<[^>]*>")
KEYS = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY")
SALTS = ("AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT")


@dataclass(frozen=True, slots=True)
class Post:
    """A post that a learner has published.

    Attributes:
        title: Its title.
        published_at: When it was published.

    """

    title: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class PostsResponse:
    """The response to a request for a blog's posts.

    Attributes:
        code: The HTTP status; 0 if there was no answer.
        redirect_url: The URL that it redirects to; empty if it does not.
        body: The text of the answer.

    """

    code: int
    redirect_url: str
    body: str

    @property
    def is_serving(self) -> bool:
        """Whether WordPress answered and reaches its database, even if the database is still empty."""
        return self.post_entries is not None or self.needs_installation

    @property
    def post_entries(self) -> list[dict[str, Any]] | None:
        """The list of posts from the response; None if the response is not such a list."""
        try:
            entries = json.loads(self.body)
        except ValueError:
            return None
        return entries if self.code == _OK and isinstance(entries, list) else None

    @property
    def needs_installation(self) -> bool:
        """Whether the database does not contain a blog yet."""
        return "install.php" in self.redirect_url

    @property
    def summary_phrase(self) -> str:
        """A summary of the response, worded as the end of a sentence."""
        if not self.code:
            return "does not answer"
        if self.needs_installation:
            return "is not installed yet: its database is empty"
        match = next(filter(None, (pattern.search(self.body) for pattern in _MESSAGE_ELEMENTS)), None)
        message = html.unescape(_TAG.sub("", match[1])) if match else self.body
        return f"says {self.code}: '{' '.join(message.split())[:100]}'"


def fetch_posts_responses(node: CheckNode, addresses: tuple[str, ...]) -> Mapping[str, PostsResponse]:
    """Request the posts of each blog address ('http://node1:8080') from a node, all in parallel."""
    result = node.run_command(
        "sh", "-c", _FETCH_SCRIPT, _FIELD_SEPARATOR, *(address + _POSTS_PATH for address in addresses)
    )
    records = [record.split(_FIELD_SEPARATOR) for record in result.stdout_text.split(_RECORD_SEPARATOR)[:-1]]
    return {url.removesuffix(_POSTS_PATH): _parse_response(body, trailer) for url, body, trailer in records}


def require_posts(node: CheckNode, address: str, response: PostsResponse) -> tuple[Post, ...]:
    """Return the posts that a learner has published, newest first.

    Args:
        node: The node that sent the request.
        address: The blog's address.
        response: The response of the blog.

    Raises:
        NotYet: The blog does not show its posts, or has none except the sample post.

    """
    see = f"curl -sS -i '{address}/?rest_route=/wp/v2/posts'"
    if response.post_entries is None:
        fail(node, f"the blog at {address} {response.summary_phrase}", f"the blog at {address} shows its posts", see)
    posts = tuple(_parse_post(entry) for entry in response.post_entries if entry["slug"] != _SAMPLE_POST)
    if not posts:
        fail(node, f"the blog at {address} has no post except WordPress's sample post", "it has a post of yours", see)
    return posts


def hash_cookie_keys(environment: Mapping[str, str], settings: str) -> Mapping[str, str]:
    """Return a short hash of each key and salt that WordPress signs cookies with; empty if the key is not set.

    Args:
        environment: The environment of the WordPress container.
        settings: The content of its wp-config.php.

    """
    return {name: _fingerprint(name, environment, settings) for name in (*KEYS, *SALTS)}


def _fingerprint(name: str, environment: Mapping[str, str], settings: str) -> str:
    value = environment.get(f"WORDPRESS_{name}_FILE") or environment.get(f"WORDPRESS_{name}")
    if not value:
        line = re.search(rf"define\(\s*['\"]{name}['\"],\s*(.*)\);", settings)
        literal = re.findall(r"'([^']*)'|\"([^\"]*)\"", line[1]) if line else []
        value = "".join(literal[-1]) if literal else ""
    return hashlib.sha256(value.encode()).hexdigest()[:12] if value else ""


def _parse_response(body: str, trailer: str) -> PostsResponse:
    code, _, redirect_url = trailer.partition(" ")
    return PostsResponse(int(code), redirect_url, body)


def _parse_post(entry: Mapping[str, Any]) -> Post:
    title = html.unescape(entry["title"]["rendered"])
    return Post(title, datetime.fromisoformat(entry["date_gmt"]).replace(tzinfo=UTC))
