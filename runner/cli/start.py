"""`labs start`."""

from __future__ import annotations

import time

import click

from runner.cli import _console, _learning, _next, _options, _up
from runner.clusters.lifecycle import Started
from runner.lessons import catalog


@click.command("start")
@_options.lab_argument
@_options.driver_option
@click.option("--keep", is_flag=True, help="Leave what a failed start has made, for a look at it.")
def command(lab: str, driver: str | None, keep: bool) -> int:
    """Start a lab's nodes, or go on where they were.

    The nodes are containers on your Docker Engine where that serves the lab, and user-mode Linux machines where it
    does not; one line says which, and why. Makes the images first if they are not there yet. A start that fails or
    is interrupted leaves nothing behind.

    \b
    Examples:
      labs start swarm-basics
      labs start swarm-basics --keep     look at what a failed start has left
      labs start swarm-basics --driver uml     three machines of their own, without Docker
      DOCKER_HOST=ssh://me@server labs start swarm-basics
    """
    began = time.monotonic()
    found = catalog.load(lab)
    went = _up.bring(found, driver, keep=keep)
    progress = _learning.load(lab)
    elapsed = time.monotonic() - began
    first = found.lesson.topology.names[0]
    names = ", ".join(found.lesson.topology.names)
    said = {
        Started.FRESH: f"'{lab}' stands after {elapsed:.1f} s: {names}.",
        Started.RESUMED: f"'{lab}' goes on where it was, after {elapsed:.1f} s: {names}.",
        Started.ALREADY: f"'{lab}' already runs: {names}.",
    }
    out = _console.out()
    out.print(f"[bold green]{said[went]}[/]")
    if went is Started.RESUMED:
        out.print("  Services need a few seconds to come back; containers of no service may wait for 'docker start'.")
    words = [
        (f"labs show {lab}", "read the lesson"),
        (f"labs shell {first}", f"open a terminal on {first}"),
        (f"labs check {lab}", "see what your cluster has reached"),
        (f"labs watch {lab}", "see it live, in another terminal"),
    ]
    ahead = progress.unpassed(found.lesson)
    if went is Started.FRESH and progress.passed(found.lesson) and ahead:
        words.append((f"labs goto {lab} {ahead.id}", "go on where you were before"))
    _next.lines(words)
    return 0
