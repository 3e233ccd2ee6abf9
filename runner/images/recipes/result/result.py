"""The page with the result, and `/json` with the counts alone: reads what the worker has put into PostgreSQL.

DB_HOST (db) tells where that is; POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB (postgres, each of them) how to get
in. What ends in _FILE is read from that file. OPTION_A and OPTION_B name the options (Cats and Dogs).
"""

from __future__ import annotations

import html
import json
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from serving import Request, Response, Server

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


class Table:
    """The votes, read over one connection that is made again when it has broken."""

    def __init__(self) -> None:
        self._connection: connection | None = None
        self._lock = threading.Lock()

    def count(self) -> dict[str, int]:
        """Return how many votes each option has."""
        import psycopg2

        with self._lock:
            try:
                return self._ask()
            except psycopg2.errors.UndefinedTable:
                # The worker makes the table when it first connects.
                return {}
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                # The other side has gone since we last asked; a second time it counts.
                self._connection = None
                return self._ask()

    def _ask(self) -> dict[str, int]:
        import psycopg2

        if self._connection is None:
            user = setting("POSTGRES_USER", "postgres")
            self._connection = psycopg2.connect(
                host=setting("DB_HOST", "db"),
                user=user,
                password=setting("POSTGRES_PASSWORD", "postgres"),
                dbname=setting("POSTGRES_DB", user),
                connect_timeout=2,
            )
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT vote, count(id) FROM votes GROUP BY vote")
            return dict(cursor.fetchall())


def setting(name: str, otherwise: str) -> str:
    """Return a setting from the environment, or from the file that the environment names for it."""
    if os.environ.get(f"{name}_FILE"):
        return Path(os.environ[f"{name}_FILE"]).read_text("utf-8").rstrip("\n")
    return os.environ.get(name) or otherwise


def shares(a: int, b: int) -> tuple[int, int]:
    """Return the percentages of two counts, half and half where there are none."""
    if not a + b:
        return 50, 50
    share = round(100 * a / (a + b))
    return share, 100 - share


def page(counts: dict[str, int]) -> str:
    """Return the page for these counts."""
    percent_a, percent_b = shares(counts["a"], counts["b"])
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


TABLE = Table()


def answer(request: Request) -> Response:
    """Show the page, or the counts alone."""
    if request.path not in ("/", "/json"):
        return Response("There are two pages here, / and /json\n", 404)
    import psycopg2

    try:
        found = TABLE.count()
    except psycopg2.Error as error:
        print(f"The database does not answer: {' '.join(str(error).split())}", flush=True)
        return Response("The database does not answer. Try again in a moment.\n", 503)
    counts = {key: int(found.get(key, 0)) for key in OPTIONS}
    if request.path == "/json":
        return Response(json.dumps(counts) + "\n", kind="application/json")
    return Response(page(counts), kind="text/html")


if __name__ == "__main__":
    server = Server(80)
    print("Showing the result on port 80", flush=True)
    server.serve(answer)
