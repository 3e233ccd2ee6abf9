"""Takes votes from Redis and keeps them in PostgreSQL, the last one of each voter.

REDIS_HOST (redis) and DB_HOST (db) tell where they are; POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB (postgres,
each of them) how to get in. What ends in _FILE is read from that file. It waits for both, and comes back to both.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import psycopg2
import redis

TABLE = "CREATE TABLE IF NOT EXISTS votes (id VARCHAR(255) NOT NULL UNIQUE, vote VARCHAR(255) NOT NULL)"
KEEP = "INSERT INTO votes (id, vote) VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET vote = EXCLUDED.vote"
PAUSE = 1.0


def setting(name: str, otherwise: str) -> str:
    """Return a setting from the environment, or from the file that the environment names for it."""
    if os.environ.get(f"{name}_FILE"):
        return Path(os.environ[f"{name}_FILE"]).read_text("utf-8").rstrip("\n")
    return os.environ.get(name) or otherwise


def parse(text: bytes) -> tuple[str, str] | None:
    """Return who votes and for what, or None where it is no vote."""
    try:
        data = json.loads(text)
        return str(data["voter_id"]), str(data["vote"])
    except (ValueError, KeyError, TypeError):
        return None


def connect() -> tuple[redis.Redis, psycopg2.extensions.connection]:
    """Return connections to both, once both are there."""
    queue_host, table_host = setting("REDIS_HOST", "redis"), setting("DB_HOST", "db")
    while True:
        try:
            queue = redis.Redis(queue_host, socket_connect_timeout=2, health_check_interval=5)
            queue.ping()
            user = setting("POSTGRES_USER", "postgres")
            table = psycopg2.connect(
                host=table_host,
                user=user,
                password=setting("POSTGRES_PASSWORD", "postgres"),
                dbname=setting("POSTGRES_DB", user),
                connect_timeout=2,
            )
            table.autocommit = True
            with table.cursor() as cursor:
                cursor.execute(TABLE)
        except (redis.RedisError, psycopg2.Error) as error:
            host = queue_host if isinstance(error, redis.RedisError) else table_host
            say(f"Waiting for {host}: {' '.join(str(error).split())}")
            time.sleep(PAUSE)
        else:
            say(f"Connected to {queue_host} and {table_host}")
            return queue, table


def work(queue: redis.Redis, table: psycopg2.extensions.connection) -> None:
    """Take votes one after another until one of the connections breaks."""
    while True:
        taken = queue.blpop(["votes"], timeout=2)
        if taken is None:
            with table.cursor() as cursor:
                # Whether the other side is still there shows only when it is asked.
                cursor.execute("SELECT 1")
            continue
        vote = parse(taken[1])
        if vote is None:
            say(f"This is no vote: {taken[1]!r}")
            continue
        try:
            with table.cursor() as cursor:
                cursor.execute(KEEP, vote)
        except psycopg2.Error:
            # It goes back to where it came from, and is the next to be taken.
            queue.lpush("votes", taken[1])
            raise
        say(f"Processing vote for '{vote[1]}' by '{vote[0]}'")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def end(*_signal: object) -> None:
    """End where docker stops the container."""
    sys.exit(0)


def main() -> None:
    """Work for ever."""
    signal.signal(signal.SIGTERM, end)
    while True:
        try:
            work(*connect())
        except (redis.RedisError, psycopg2.Error) as error:
            say(f"Lost a connection: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main()
