"""`labs doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import click
from rich.text import Text

from runner import debian_packages
from runner.cli import _console
from runner.clusters import selection
from runner.errors import ExitCode
from runner.nodes.driver_capabilities import ProbeCache
from runner.nodes.driver_interface import Diagnosis

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
    by_driver: dict[str, list[Diagnosis]] = {}
    for driver in selection.load_allowed_drivers():
        if no_cache and isinstance(driver, ProbeCache):
            driver.clear_probe_cache()
        console.print(f"[bold]driver {driver.name}[/]")
        by_driver[driver.name] = driver.diagnose_host()
        _print_diagnoses(by_driver[driver.name])
    _print_install_command(by_driver)
    return ExitCode.DONE if any(map(_is_working, by_driver.values())) else ExitCode.HOST


def _print_diagnoses(diagnoses: Iterable[Diagnosis]) -> None:
    console = _console.get_stdout()
    for diagnosis in diagnoses:
        symbol, style = _SYMBOLS[diagnosis.is_ok]
        console.print(Text.assemble((f"  {symbol} ", style), f"{diagnosis.subject:<15}", diagnosis.finding))
        if diagnosis.advice:
            console.print(Text(f"    {'':<15}{diagnosis.advice}", style="dim"))


def _print_install_command(by_driver: Mapping[str, Sequence[Diagnosis]]) -> None:
    """Print one command that installs all Debian packages that the chosen driver lacks."""
    name = _choose_driver_to_complete(by_driver)
    missing = sorted({package for item in by_driver.get(name, ()) for package in item.missing_packages})
    if missing:
        console = _console.get_stdout()
        console.print(f"To add what the driver {name} lacks:")
        console.print(Text(f"  {debian_packages.advise_installation(missing)}"), soft_wrap=True)


def _choose_driver_to_complete(by_driver: Mapping[str, Sequence[Diagnosis]]) -> str:
    """Return the driver that works, or that works after the installation of packages, preferably without an engine."""
    working = [name for name, diagnoses in by_driver.items() if _is_working(diagnoses)]
    completable = [name for name, diagnoses in by_driver.items() if all(map(_is_completable, diagnoses))]
    without_engine = selection.get_driver_name_for_other_host(has_engine=False)
    preferred = [name for name in completable if name == without_engine]
    return next(iter([*working, *preferred, *completable]), "")


def _is_completable(diagnosis: Diagnosis) -> bool:
    return diagnosis.is_ok is not False or bool(diagnosis.missing_packages)


def _is_working(diagnoses: Iterable[Diagnosis]) -> bool:
    return all(diagnosis.is_ok is not False for diagnosis in diagnoses)
