"""The result page, and `/json` with only the counts: reads the votes that the worker stored in PostgreSQL.

DB_HOST is the host (default: db); POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB (default: postgres) are the
credentials. A variable with the suffix _FILE names a file that contains the value. OPTION_A and OPTION_B name the
options (default: Cats and Dogs).
"""

from __future__ import annotations

import html
import json
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from http_server import Request, Response, Server

if TYPE_CHECKING:
    from psycopg2.extensions import connection

HOST = socket.gethostname()
OPTIONS = {"a": os.environ.get("OPTION_A") or "Cats", "b": os.environ.get("OPTION_B") or "Dogs"}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{a} vs {b}: the result</title>
<style>
  body {{ font-family: sans-serif; text-align: center; margin: 4em 1em; }}
  .bar {{ display: flex; color: white; font-size: 2em; }}
  .bar div {{ padding: 1em 0; min-width: 4em; }}
</style>
<h1>{a} vs {b}</h1>
<div class="bar">
  <div style="flex: {flex_a}; background: #357" id="a">{a} {percent_a}%</div>
  <div style="flex: {flex_b}; background: #753" id="b">{b} {percent_b}%</div>
</div>
<p id="total">{total}</p>
<p>Processed by container ID {host}</p>
<script>setTimeout(() => location.reload(), 2000)</script>
</html>
"""


class VoteTable:
    """The table of votes in PostgreSQL, read over one connection that reconnects after an error."""

    def __init__(self) -> None:
        self._connection: connection | None = None
        self._lock = threading.Lock()

    def count_votes(self) -> dict[str, int]:
        """Return the number of votes per option."""
        import psycopg2

        with self._lock:
            try:
                return self._query_counts()
            except psycopg2.errors.UndefinedTable:
                # The worker creates the table when it first connects.
                return {}
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                # The connection broke since the last query; an error of the new one is reported.
                self._connection = None
                return self._query_counts()

    def _query_counts(self) -> dict[str, int]:
        import psycopg2

        if self._connection is None:
            user = read_setting("POSTGRES_USER", "postgres")
            self._connection = psycopg2.connect(
                host=read_setting("DB_HOST", "db"),
                user=user,
                password=read_setting("POSTGRES_PASSWORD", "postgres"),
                dbname=read_setting("POSTGRES_DB", user),
                connect_timeout=2,
            )
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT vote, count(id) FROM votes GROUP BY vote")
            return dict(cursor.fetchall())


def read_setting(name: str, default: str) -> str:
    """Return a setting from the environment, or from the file that the variable NAME_FILE names."""
    if os.environ.get(f"{name}_FILE"):
        return Path(os.environ[f"{name}_FILE"]).read_text("utf-8").rstrip("\n")
    return os.environ.get(name) or default


def compute_percentages(a: int, b: int) -> tuple[int, int]:
    """Return two counts as percentages; 50 each if both are 0."""
    if not a + b:
        return 50, 50
    percentage = round(100 * a / (a + b))
    return percentage, 100 - percentage


def render_page(counts: dict[str, int]) -> str:
    """Return the result page for these counts."""
    percent_a, percent_b = compute_percentages(counts["a"], counts["b"])
    total = counts["a"] + counts["b"]
    return PAGE.format(
        host=HOST,
        total="No votes yet" if not total else f"{total} vote{'s' if total > 1 else ''}",
        flex_a=percent_a,
        flex_b=percent_b,
        percent_a=percent_a,
        percent_b=percent_b,
        **{key: html.escape(name) for key, name in OPTIONS.items()},
    )


TABLE = VoteTable()


def handle_request(request: Request) -> Response:
    """Show the page, or only the counts."""
    if request.path not in ("/", "/json"):
        return Response("The only pages here are / and /json\n", 404)
    import psycopg2

    try:
        votes = TABLE.count_votes()
    except psycopg2.Error as error:
        print(f"The database does not answer: {' '.join(str(error).split())}", flush=True)
        return Response("The database does not answer. Try again in a moment.\n", 503)
    counts = {key: int(votes.get(key, 0)) for key in OPTIONS}
    if request.path == "/json":
        return Response(json.dumps(counts) + "\n", content_type="application/json")
    return Response(render_page(counts), content_type="text/html")


if __name__ == "__main__":
    server = Server(80)
    print("Showing the result on port 80", flush=True)
    server.serve(handle_request)
