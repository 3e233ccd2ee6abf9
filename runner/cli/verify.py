"""`labs verify`."""

from __future__ import annotations

import time

import click
from rich.text import Text

from runner import signals
from runner.checking.verify import Proof, verify
from runner.cli import _console, _options
from runner.clusters import find, lifecycle
from runner.clusters.driver import ClusterId, Driver
from runner.drivers import choice
from runner.errors import BrokenLabError, ExitCode
from runner.lessons import catalog
from runner.lessons.model import Lab


@click.command("verify")
@_options.lab_argument
@_options.driver_option
@click.option("--keep", is_flag=True, help="Leave the cluster it was tried on.")
def command(lab: str, driver: str | None, keep: bool) -> int:
    """Prove that a lab's lesson and checks agree, on a fresh cluster beside any that runs.

    For every step: its checks fail before it, its commands do what the lesson says, its checks pass after it, twice,
    and each near miss in wrong/ fails with the words it promises and can be put right again. Exits with 3 if not.

    \b
    Examples:
      labs verify swarm-basics
      labs verify swarm-basics --driver uml
    """
    found = catalog.load(lab)
    cluster = ClusterId(lab, "verify")
    began = time.monotonic()
    remains = find.started(cluster)
    if remains:
        lifecycle.remove(choice.of(remains), cluster)
    made_of = choice.choose(found, driver, None).driver
    lifecycle.start(made_of, found, cluster, _console.story())
    try:
        proofs = _show_all(made_of, found, cluster)
    finally:
        if not keep:
            with signals.uninterrupted():
                lifecycle.remove(made_of, cluster)
    wrong = [proof for proof in proofs if proof.complaint]
    if wrong:
        raise BrokenLabError(
            f"{len(wrong)} of {len(proofs)} things that were tried are not so.",
            f"Mend the lesson or its checks, then 'labs verify {lab}'.",
        )
    took = f"{time.monotonic() - began:.0f} s"
    _console.out().print(f"\n[bold green]'{lab}' holds: {len(proofs)} things tried in {took}.[/]")
    return ExitCode.DONE


def _show_all(driver: Driver, lab: Lab, cluster: ClusterId) -> list[Proof]:
    made = lifecycle.find(driver, cluster)
    assert made is not None
    out = _console.out()
    proofs: list[Proof] = []
    for proof in verify(lab, made):
        if not proofs or proofs[-1].step != proof.step:
            out.print(Text(proof.step, style="bold"))
        mark, style = ("✗", "red") if proof.complaint else ("✓", "green")
        out.print(Text.assemble((f"  {mark} ", style), proof.what))
        for line in proof.complaint.splitlines():
            out.print(Text(f"      {line}", style="red"))
        proofs.append(proof)
    return proofs
