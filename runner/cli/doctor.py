"""`labs doctor`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.cli import _console
from runner.clusters import selection
from runner.errors import ExitCode
from runner.nodes.driver_capabilities import ProbeCache

_SYMBOLS = {True: ("✓", "green"), None: ("~", "yellow"), False: ("✗", "red")}


@click.command("doctor")
@click.option("--no-cache", is_flag=True, help="Probe again instead of using cached results.")
def command(no_cache: bool) -> int:
    """Check whether this computer can run labs, and show how to fix what it lacks.

    Nodes are created by one of two drivers: docker runs them as containers on your Docker Engine, uml as user-mode
    Linux VMs. Exits with 4 if neither driver works here.

    \b
    Examples:
      labs doctor
      labs doctor --no-cache      after loading a kernel module, for example
    """
    console = _console.get_stdout()
    has_working_driver = False
    for driver in selection.load_allowed_drivers():
        if no_cache and isinstance(driver, ProbeCache):
            driver.clear_probe_cache()
        console.print(f"[bold]driver {driver.name}[/]")
        diagnoses = driver.diagnose_host()
        has_working_driver = has_working_driver or all(diagnosis.is_ok is not False for diagnosis in diagnoses)
        for diagnosis in diagnoses:
            symbol, style = _SYMBOLS[diagnosis.is_ok]
            console.print(Text.assemble((f"  {symbol} ", style), f"{diagnosis.subject:<15}", diagnosis.finding))
            if diagnosis.advice:
                console.print(Text(f"    {'':<15}{diagnosis.advice}", style="dim"))
    return ExitCode.DONE if has_working_driver else ExitCode.HOST
