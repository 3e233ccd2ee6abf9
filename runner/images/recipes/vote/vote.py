"""The voting page: appends each vote to the list `votes` in Redis, from which the worker reads it.

OPTION_A and OPTION_B name the options (default: Cats and Dogs), REDIS_HOST is the host of Redis (default: redis).
"""

from __future__ import annotations

import html
import json
import os
import re
import secrets
import socket
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from http_server import Request, Response, Server

if TYPE_CHECKING:
    from redis import Redis

HOST = socket.gethostname()
OPTIONS = {"a": os.environ.get("OPTION_A") or "Cats", "b": os.environ.get("OPTION_B") or "Dogs"}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{a} vs {b}!</title>
<style>
  body {{ font-family: sans-serif; text-align: center; margin: 4em 1em; }}
  button {{ font-size: 2em; margin: .5em; padding: .7em 1.5em; border: 2px solid #357; border-radius: .5em; }}
  button[aria-pressed=true] {{ background: #357; color: white; }}
</style>
<h1>{a} vs {b}!</h1>
<form method="post">
  <button name="vote" value="a" aria-pressed="{on_a}">{a}</button>
  <button name="vote" value="b" aria-pressed="{on_b}">{b}</button>
</form>
<p>{message}</p>
<p>Processed by container ID {host}</p>
</html>
"""


@cache
def connect_redis() -> Redis:
    """Return the Redis client, which connects and reconnects when it is used."""
    # This import takes longer than everything else together, so it must not delay the page.
    from redis import Redis

    return Redis(os.environ.get("REDIS_HOST") or "redis", socket_connect_timeout=2, socket_timeout=2)


def handle_request(request: Request) -> Response:
    """Show the page, and accept a vote."""
    if request.path != "/":
        return Response("The only page here is /\n", 404)
    voter = parse_voter(request.header("Cookie")) or secrets.token_hex(8)
    vote = parse_vote(request.body) if request.method == "POST" else ""
    if request.method == "POST" and not vote:
        return Response("Vote for a or b: vote=a\n", 400)
    status, message = 200, "You can change your vote as often as you like."
    if vote:
        status, message = submit_vote(voter, vote)
    page = PAGE.format(
        host=HOST,
        message=message,
        on_a=str(vote == "a").lower(),
        on_b=str(vote == "b").lower(),
        **{key: html.escape(name) for key, name in OPTIONS.items()},
    )
    return Response(page, status, "text/html", {"Set-Cookie": f"voter_id={voter}; Path=/"})


def submit_vote(voter: str, vote: str) -> tuple[int, str]:
    """Append a vote to the list in Redis; return the HTTP status and a message for the voter."""
    import redis

    try:
        connect_redis().rpush("votes", json.dumps({"voter_id": voter, "vote": vote}))
    except redis.RedisError as error:
        print(f"Lost the vote of {voter} for {OPTIONS[vote]}: {error}", flush=True)
        return 503, "Redis does not answer, so your vote was not recorded. Try again in a moment."
    print(f"Received vote for {OPTIONS[vote]} from {voter}", flush=True)
    return 200, f"Your vote for {html.escape(OPTIONS[vote])} is on its way."


def parse_voter(cookies: str) -> str:
    """Return the voter's id from the Cookie header, or an empty string."""
    match = re.search(r"(?:^|;\s*)voter_id=([0-9a-zA-Z_-]{1,64})(?:;|$)", cookies)
    return match[1] if match else ""


def parse_vote(body: bytes) -> str:
    """Return the option that was chosen in the form, or an empty string."""
    vote = parse_qs(body.decode("utf-8", "replace")).get("vote", [""])[0]
    return vote if vote in OPTIONS else ""


if __name__ == "__main__":
    server = Server(80)
    print(f"Asking for votes on {OPTIONS['a']} or {OPTIONS['b']}, on port 80", flush=True)
    server.serve(handle_request)
