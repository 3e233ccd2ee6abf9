"""The page to vote on: puts each vote onto the list `votes` in Redis, whence the worker takes it.

OPTION_A and OPTION_B name the options (Cats and Dogs), REDIS_HOST where Redis is (redis).
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

from serving import Request, Response, Server

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
<p>{told}</p>
<p>Processed by container ID {host}</p>
</html>
"""


@cache
def votes() -> Redis:
    """Return the connection to Redis; it is made, and made again, when it is needed."""
    # It takes longer than all else together, so the page is there before it.
    from redis import Redis

    return Redis(os.environ.get("REDIS_HOST") or "redis", socket_connect_timeout=2, socket_timeout=2)


def answer(request: Request) -> Response:
    """Show the page, and take a vote."""
    if request.path != "/":
        return Response("There is only one page here, and it is /\n", 404)
    voter = voter_of(request.header("Cookie")) or secrets.token_hex(8)
    vote = chosen(request.body) if request.method == "POST" else ""
    if request.method == "POST" and not vote:
        return Response("Vote for a or b: vote=a\n", 400)
    status, told = 200, "You can change your mind as often as you like."
    if vote:
        status, told = cast(voter, vote)
    page = PAGE.format(
        host=HOST,
        told=told,
        on_a=str(vote == "a").lower(),
        on_b=str(vote == "b").lower(),
        **{key: html.escape(name) for key, name in OPTIONS.items()},
    )
    return Response(page, status, "text/html", {"Set-Cookie": f"voter_id={voter}; Path=/"})


def cast(voter: str, vote: str) -> tuple[int, str]:
    """Hand a vote over; return the status and what the voter is told."""
    import redis

    try:
        votes().rpush("votes", json.dumps({"voter_id": voter, "vote": vote}))
    except redis.RedisError as error:
        print(f"The vote of {voter} for {OPTIONS[vote]} is lost: {error}", flush=True)
        return 503, "Redis does not answer, so your vote could not be taken. Try again in a moment."
    print(f"Received vote for {OPTIONS[vote]} from {voter}", flush=True)
    return 200, f"Your vote for {html.escape(OPTIONS[vote])} is on its way."


def voter_of(cookies: str) -> str:
    """Return who votes, as the cookie tells, or nothing."""
    found = re.search(r"(?:^|;\s*)voter_id=([0-9a-zA-Z_-]{1,64})(?:;|$)", cookies)
    return found[1] if found else ""


def chosen(body: bytes) -> str:
    """Return the option that a form's content chooses, or nothing."""
    vote = parse_qs(body.decode("utf-8", "replace")).get("vote", [""])[0]
    return vote if vote in OPTIONS else ""


if __name__ == "__main__":
    server = Server(80)
    print(f"Asking for votes on {OPTIONS['a']} or {OPTIONS['b']}, on port 80", flush=True)
    server.serve(answer)
