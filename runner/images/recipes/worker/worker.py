"""Reads votes from Redis and stores them in PostgreSQL, one per voter: the last one counts.

REDIS_HOST (default: redis) and DB_HOST (default: db) are the hosts; POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB
(default: postgres) are the credentials. A variable with the suffix _FILE names a file that contains the value. The
worker waits until both hosts answer, and reconnects to both.
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

CREATE_TABLE = "CREATE TABLE IF NOT EXISTS votes (id VARCHAR(255) NOT NULL UNIQUE, vote VARCHAR(255) NOT NULL)"
UPSERT_VOTE = "INSERT INTO votes (id, vote) VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET vote = EXCLUDED.vote"
RETRY_SECONDS = 1.0


def read_setting(name: str, default: str) -> str:
    """Return a setting from the environment, or from the file that the variable NAME_FILE names."""
    if os.environ.get(f"{name}_FILE"):
        return Path(os.environ[f"{name}_FILE"]).read_text("utf-8").rstrip("\n")
    return os.environ.get(name) or default


def parse_vote(text: bytes) -> tuple[str, str] | None:
    """Return the voter's id and the vote, or None if the text is not a vote."""
    try:
        data = json.loads(text)
        return str(data["voter_id"]), str(data["vote"])
    except (ValueError, KeyError, TypeError):
        return None


def connect() -> tuple[redis.Redis, psycopg2.extensions.connection]:
    """Wait until Redis and PostgreSQL answer, and return connections to them."""
    queue_host, database_host = read_setting("REDIS_HOST", "redis"), read_setting("DB_HOST", "db")
    while True:
        try:
            queue = redis.Redis(queue_host, socket_connect_timeout=2, health_check_interval=5)
            queue.ping()
            user = read_setting("POSTGRES_USER", "postgres")
            database = psycopg2.connect(
                host=database_host,
                user=user,
                password=read_setting("POSTGRES_PASSWORD", "postgres"),
                dbname=read_setting("POSTGRES_DB", user),
                connect_timeout=2,
            )
            database.autocommit = True
            with database.cursor() as cursor:
                cursor.execute(CREATE_TABLE)
        except (redis.RedisError, psycopg2.Error) as error:
            host = queue_host if isinstance(error, redis.RedisError) else database_host
            log(f"Waiting for {host}: {' '.join(str(error).split())}")
            time.sleep(RETRY_SECONDS)
        else:
            log(f"Connected to {queue_host} and {database_host}")
            return queue, database


def process_votes(queue: redis.Redis, database: psycopg2.extensions.connection) -> None:
    """Store votes one after another until a connection breaks."""
    while True:
        item = queue.blpop(["votes"], timeout=2)
        if item is None:
            with database.cursor() as cursor:
                # Only a query shows whether the connection still works.
                cursor.execute("SELECT 1")
            continue
        vote = parse_vote(item[1])
        if vote is None:
            log(f"Ignoring an invalid vote: {item[1]!r}")
            continue
        try:
            with database.cursor() as cursor:
                cursor.execute(UPSERT_VOTE, vote)
        except psycopg2.Error:
            # Put it back at the front of the list, so that it is the next one to be processed.
            queue.lpush("votes", item[1])
            raise
        log(f"Processing vote for '{vote[1]}' by '{vote[0]}'")


def log(line: str) -> None:
    """Print a line without buffering."""
    print(line, flush=True)


def exit_process(*_signal: object) -> None:
    """End the process when Docker stops the container."""
    sys.exit(0)


def main() -> None:
    """Process votes, and reconnect whenever a connection is lost."""
    signal.signal(signal.SIGTERM, exit_process)
    while True:
        try:
            process_votes(*connect())
        except (redis.RedisError, psycopg2.Error) as error:
            log(f"Lost a connection: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main()
