"""Print what `labs verify` does with several labs: why they were chosen, their progress, and the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from runner.checking.lab_selection import LabSelection
from runner.checking.parallel_verify import LabOnDriver, ParallelLimits, ParallelVerifier
from runner.checking.verify_report import LabVerification, Verdict
from runner.cli import _console

_NAME_WIDTH = 18
_HEADINGS = {Verdict.PROVEN: "Proven", Verdict.FAILED: "Failed", Verdict.NOT_PROVEN: "Not proven"}
_STYLES = {Verdict.PROVEN: "green", Verdict.FAILED: "red", Verdict.NOT_PROVEN: "yellow"}


def print_selection(chosen: LabSelection, lab_count: int, revision: str) -> None:
    """Print why labs are verified, one line per lab.

    Args:
        chosen: The labs.
        lab_count: How many labs there are.
        revision: The revision whose later changes were examined.

    """
    console = _console.get_stderr()
    summary = f"Verifying {len(chosen.labs)} of {lab_count} labs for the changes since {revision}:"
    console.print(summary if chosen.labs else f"The changes since {revision} affect no lab.", markup=False)
    for lab in chosen.labs:
        console.print(Text(f"  {lab.name}: {chosen.reasons[lab.name]}"), soft_wrap=True)
    for refusal in chosen.refusals:
        console.print(Text(refusal, style="yellow"), soft_wrap=True)


def run_jobs(
    jobs: Sequence[LabOnDriver],
    limits: ParallelLimits,
    explain_refusal: Callable[[LabOnDriver], str],
    on_done: Callable[[LabVerification], None],
) -> list[LabVerification]:
    """Verify labs in parallel, and show what each one is doing.

    Args:
        jobs: The labs, in the order in which to start them.
        limits: How many at a time.
        explain_refusal: Returns why a lab must not be started now, or an empty text.
        on_done: Called with the result of each lab.

    """
    from rich.live import Live

    console = _console.get_stderr()
    lines = _console.LiveJobLines(_NAME_WIDTH)

    def show_result(verification: LabVerification, output: str) -> None:
        lines.remove_line(verification.lab)
        on_done(verification)
        _print_result(verification, output)

    if not console.is_terminal:
        return ParallelVerifier(limits, _log_line, explain_refusal).verify_labs(jobs, show_result)
    with Live(lines, console=console, refresh_per_second=4, transient=True):
        return ParallelVerifier(limits, lines.set_line, explain_refusal).verify_labs(jobs, show_result)


def _print_result(verification: LabVerification, output: str) -> None:
    console = _console.get_stderr()
    lab, driver = verification.lab, verification.driver
    if verification.exit_code is None:
        console.print(Text.assemble(("- ", "yellow"), f"{lab} on {driver}: {verification.error}"), soft_wrap=True)
    elif verification.exit_code:
        console.print(Text.assemble(("✗ ", "red"), (lab, "bold"), f" on {driver}, which printed:"))
        console.print(Text(output.rstrip()), soft_wrap=True)
    else:
        summary = f"{len(verification.assertions)} tests passed in {verification.seconds:.0f} s"
        console.print(Text.assemble(("✓ ", "green"), f"{lab} on {driver}: {summary}"))


def _log_line(lab: str, line: str) -> None:
    """Log the steps of a lab, but not the individual tests in them."""
    if line and not line.startswith(" "):
        _console.get_stderr().print(Text(f"{lab}: {line}"), soft_wrap=True)


def print_table(verifications: Sequence[LabVerification]) -> None:
    """Print the results as a table, then the names of the labs with each verdict, and why labs are not proven."""
    from rich.table import Table

    if not verifications:
        return
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("LAB", "DRIVER", "TESTS", "FAILED", "SECONDS", ""):
        table.add_column(heading, justify="right" if heading in ("TESTS", "FAILED", "SECONDS") else "left")
    sorted_results = sorted(verifications, key=lambda verification: verification.lab)
    for verification in sorted_results:
        table.add_row(
            verification.lab,
            verification.driver or "-",
            str(len(verification.assertions)),
            str(len(verification.failed_assertions)),
            f"{verification.seconds:.0f}",
            Text(_HEADINGS[verification.verdict].lower(), style=_STYLES[verification.verdict]),
        )
    _console.get_stdout().print(table)
    for verdict in Verdict:
        _print_verdict(verdict, [result for result in sorted_results if result.verdict is verdict])


def _print_verdict(verdict: Verdict, results: Sequence[LabVerification]) -> None:
    """Print the names of the labs with a verdict, and why those that are not proven are not."""
    if not results:
        return
    console = _console.get_stdout()
    names = ", ".join(result.lab for result in results)
    console.print(Text(f"{_HEADINGS[verdict]}: {names}.", style=_STYLES[verdict]), soft_wrap=True)
    for result in results if verdict is Verdict.NOT_PROVEN else ():
        # The output of a lab that was started is long, and was printed when it ended.
        was_started = result.driver and result.exit_code is not None
        reason = "did not finish; its output is above" if was_started else result.error
        console.print(Text(f"  {result.lab}: {reason}"), soft_wrap=True)
