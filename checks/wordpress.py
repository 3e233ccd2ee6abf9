"""What WordPress blogs say of themselves, wherever they run: by hand, by Compose or on a swarm."""

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

# What WordPress writes into every new blog by itself.
_FIRST_POST = "hello-world"
_OK = 200
_RECORD, _UNIT = "\x1e", "\x1f"
_PATH = "/?rest_route=/wp/v2/posts&per_page=50&_fields=slug,title,date_gmt"
# All are asked at the same time, for each takes its time; every answer is told in one piece.
_ASK = """
for url; do
    {
        said=$(curl --silent --max-time 8 --write-out "$0%{http_code} %{redirect_url}" "$url")
        printf '%s\\036' "$url$0$said"
    } &
done
wait
"""
# Where a page says what matters most, best first.
_MESSAGES = tuple(re.compile(rf"<{tag}\b[^>]*>(.*?)</{tag}>", re.DOTALL) for tag in ("h1", "title", "p"))
_TAG = re.compile(r"<[^>]*>")
KEYS = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY")
SALTS = ("AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT")


@dataclass(frozen=True, slots=True)
class Post:
    """A post of somebody's own.

    Attributes:
        title: Its title.
        written: When it was published.

    """

    title: str
    written: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a blog's address.

    Attributes:
        code: The HTTP status; 0 if nothing answered.
        leads_to: Where it sends the browser instead, if it does.
        body: What it said.

    """

    code: int
    leads_to: str
    body: str

    @property
    def serves(self) -> bool:
        """Whether a WordPress answered that reaches its database, be it empty."""
        return self.listing is not None or self.wants_installing

    @property
    def listing(self) -> list[dict[str, Any]] | None:
        """Its posts as it tells them, or None if it tells none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return None
        return found if self.code == _OK and isinstance(found, list) else None

    @property
    def wants_installing(self) -> bool:
        """Whether the database has no blog in it yet."""
        return "install.php" in self.leads_to

    @property
    def words(self) -> str:
        """What it says, in a clause."""
        if not self.code:
            return "does not answer"
        if self.wants_installing:
            return "wants to be installed: its database is empty"
        found = next(filter(None, (pattern.search(self.body) for pattern in _MESSAGES)), None)
        message = html.unescape(_TAG.sub("", found[1])) if found else self.body
        return f"says {self.code}: '{' '.join(message.split())[:100]}'"


def ask(node: CheckNode, addresses: tuple[str, ...]) -> Mapping[str, Answer]:
    """Return what answers at each address ('http://node1:8080'), asked from a node, all at once."""
    done = node.run("sh", "-c", _ASK, _UNIT, *(address + _PATH for address in addresses))
    parts = [record.split(_UNIT) for record in done.text.split(_RECORD)[:-1]]
    return {url.removesuffix(_PATH): _answer(body, told) for url, body, told in parts}


def posts(node: CheckNode, address: str, answer: Answer) -> tuple[Post, ...]:
    """Return the posts that somebody has written, newest first.

    Args:
        node: The node that was asked from.
        address: The blog's address.
        answer: What it answered.

    Raises:
        NotYet: It does not serve, or nobody has written anything.

    """
    see = f"curl -sS -i '{address}/?rest_route=/wp/v2/posts'"
    if answer.listing is None:
        fail(node, f"the blog at {address} {answer.words}", f"the blog at {address} shows its posts", see)
    own = tuple(_post(entry) for entry in answer.listing if entry["slug"] != _FIRST_POST)
    if not own:
        fail(node, f"the blog at {address} has no post but the first, WordPress's own", "it has a post of yours", see)
    return own


def fingerprints(environment: Mapping[str, str], settings: str) -> Mapping[str, str]:
    """Return a fingerprint of each key and salt that a WordPress signs with; an empty one where it has none.

    Args:
        environment: The environment it was started with.
        settings: Its wp-config.php.

    """
    return {name: _fingerprint(name, environment, settings) for name in (*KEYS, *SALTS)}


def _fingerprint(name: str, environment: Mapping[str, str], settings: str) -> str:
    given = environment.get(f"WORDPRESS_{name}_FILE") or environment.get(f"WORDPRESS_{name}")
    if not given:
        line = re.search(rf"define\(\s*['\"]{name}['\"],\s*(.*)\);", settings)
        literal = re.findall(r"'([^']*)'|\"([^\"]*)\"", line[1]) if line else []
        given = "".join(literal[-1]) if literal else ""
    return hashlib.sha256(given.encode()).hexdigest()[:12] if given else ""


def _answer(body: str, told: str) -> Answer:
    code, _, leads_to = told.partition(" ")
    return Answer(int(code), leads_to, body)


def _post(entry: Mapping[str, Any]) -> Post:
    title = html.unescape(entry["title"]["rendered"])
    return Post(title, datetime.fromisoformat(entry["date_gmt"]).replace(tzinfo=UTC))
