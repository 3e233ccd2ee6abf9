"""Counts visits. The count is kept in Redis, where it outlives this program and is shared by all copies of it."""

import os
import socket
import sys
import time

import flask
import redis

GREETING = os.environ.get("GREETING", "Hello!")
REDIS_HOST = os.environ.get("REDIS_HOST", "redis")
NAME = socket.gethostname()
PATIENCE = 3  # seconds

app = flask.Flask(__name__)
store = redis.Redis(REDIS_HOST, decode_responses=True)
served = 0  # by this copy alone: the number ends with the process


@app.get("/")
def visit():
    """Count a visit, and say so."""
    global served
    number = store.incr("visits")
    store.setnx("since", time.time())
    served += 1
    return f"{GREETING} You are visitor number {number}. I am {NAME} and have served {served} of you.\n"


@app.get("/count")
def count():
    """Tell the count without counting, for programs that look in again and again."""
    return {"by": NAME, "served": served, "visits": int(store.get("visits") or 0), "since": store.get("since")}


@app.errorhandler(redis.RedisError)
def cannot_count(error):
    """Say what is wrong, and go on: Redis may come back."""
    return f"Sorry, I cannot count: {error}\n", 503


def wait_for_redis():
    """Give Redis a moment to come up; without it this program is of no use."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return store.ping()
        except redis.RedisError as error:
            if time.monotonic() > deadline:
                sys.exit(f"Gave up after {PATIENCE} seconds: {error}")
            time.sleep(0.5)


wait_for_redis()
