"""`labs doctor`."""

from __future__ import annotations

import click
from rich.text import Text

from runner.cli import _console
from runner.clusters import selection
from runner.errors import ExitCode
from runner.nodes.driver_interface import ProbeCache

_MARKS = {True: ("✓", "green"), None: ("~", "yellow"), False: ("✗", "red")}


@click.command("doctor")
@click.option("--again", is_flag=True, help="Forget what was found out before, and probe anew.")
def command(again: bool) -> int:
    """Look whether this machine can run labs, and say what to do where it cannot.

    There are two drivers: docker makes nodes of containers on your engine, uml of machines of their own. Exits with 4
    if neither can serve.

    \b
    Examples:
      labs doctor
      labs doctor --again      after loading a kernel module, say
    """
    out = _console.get_stdout()
    serving = False
    for driver in selection.load_drivers():
        if again and isinstance(driver, ProbeCache):
            driver.clear_probe_cache()
        out.print(f"[bold]driver {driver.name}[/]")
        findings = driver.diagnose()
        serving = serving or all(finding.is_ok is not False for finding in findings)
        for finding in findings:
            mark, style = _MARKS[finding.is_ok]
            out.print(Text.assemble((f"  {mark} ", style), f"{finding.subject:<15}", finding.finding))
            if finding.advice:
                out.print(Text(f"    {'':<15}{finding.advice}", style="dim"))
    return ExitCode.DONE if serving else ExitCode.HOST
