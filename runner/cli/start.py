"""`labs start`."""

from __future__ import annotations

import time

import click

from runner.cli import _console, _options, _progress, _resolve, _start, _suggestions
from runner.clusters.lifecycle import Started
from runner.errors import HostError, UsageError
from runner.lessons import catalog
from runner.lessons.model import Lab
from runner.progress.model import Progress


@click.command("start")
@_options.optional_lab_argument
@_options.driver_option
@_options.learner_options
@click.option("--keep", is_flag=True, help="Leave what a failed start has made, for a look at it.")
def command(lab: str | None, driver: str | None, learner: str | None, seed: str | None, keep: bool) -> int:
    """Start a lab's nodes, or go on where they were.

    The nodes are containers on your Docker Engine where that serves the lab, and user-mode Linux machines where it
    does not; one line says which, and why. Makes the images first if they are not there yet. A start that fails or
    is interrupted leaves nothing behind.

    Some labs ask each learner for something else: a name, a port, a number. With --learner the lesson and its checks
    have that learner's values, in all commands, until another one is named; '' is nobody, with the lesson's own.

    \b
    Examples:
      labs start swarm-basics
      labs start                         after `labs stop`, with one lab there
      labs start swarm-basics --keep     look at what a failed start has left
      labs start swarm-basics --learner ada --seed autumn
      labs start swarm-basics --driver uml     three machines of their own, without Docker
      DOCKER_HOST=ssh://me@server labs start swarm-basics
    """
    began = time.monotonic()
    lab = lab or _the_only()
    named = _options.parse_learner(learner, seed)
    found = catalog.load_lab(lab)
    went = _start.bring(found, driver, keep=keep)
    before = _progress.load_progress(lab)
    progress = before if named is None else _progress.set_learner(lab, named)
    elapsed = time.monotonic() - began
    first = found.lesson.topology.names[0]
    names = ", ".join(found.lesson.topology.names)
    said = {
        Started.FRESH: f"'{lab}' stands after {elapsed:.1f} s: {names}.",
        Started.RESUMED: f"'{lab}' goes on where it was, after {elapsed:.1f} s: {names}.",
        Started.ALREADY: f"'{lab}' already runs: {names}.",
    }
    out = _console.get_stdout()
    out.print(f"[bold green]{said[went]}[/]")
    if went is Started.RESUMED:
        out.print("  Services need a few seconds to come back; containers of no service may wait for 'docker start'.")
    _tell_learner(catalog.load_lab(lab, progress.learner), went, before)
    words = [
        (f"labs show {lab}", "read the lesson"),
        (f"labs shell {first}", f"open a terminal on {first}"),
        (f"labs check {lab}", "see what your cluster has reached"),
        (f"labs watch {lab}", "see it live, in another terminal"),
    ]
    ahead = progress.find_first_unpassed_step(found.lesson)
    if went is Started.FRESH and progress.count_passed(found.lesson) and ahead:
        words.append((f"labs goto {lab} {ahead.id}", "go on where you were before"))
    _suggestions.print_commands(words)
    return 0


def _tell_learner(lab: Lab, went: Started, before: Progress) -> None:
    out = _console.get_stdout()
    changed = lab.learner != before.learner
    if lab.learner:
        _progress.print_learner(lab)
    elif changed:
        out.print("  For nobody: the values are the lesson's own.")
    if changed and went is not Started.FRESH:
        out.print(f"  What was done on its nodes before stays there; 'labs check {lab.name}' tells what of it counts.")


def _the_only() -> str:
    try:
        return _resolve.the_started("labs start")
    except HostError:
        # Whoever has named no lab need not hear first of an engine that this lab may do without.
        raise UsageError("Which lab?", "Say it: 'labs start LAB'. 'labs list' shows the labs.") from None
