"""The texts for check results that `labs check`, `labs watch` and grade reports have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.checking.results import CheckReport, CheckResult, Outcome

# For each outcome, the symbol in front of a check and the name of the color or style it is shown in.
OUTCOME_SYMBOLS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.ERROR: ("!", "yellow"),
    Outcome.SKIPPED: ("·", "dim"),
}


@dataclass(frozen=True, slots=True)
class DetailLine:
    """A line below a check that did not pass.

    Attributes:
        label: What the text is, such as 'on node2', 'expected' or 'see it'.
        text: The text.
        is_command: Whether the text is a command to type.

    """

    label: str
    text: str
    is_command: bool = False


def list_detail_lines(result: CheckResult) -> list[DetailLine]:
    """Return the lines below a check: observed, expected and the command that shows it, or why it could not run."""
    if result.outcome is Outcome.ERROR:
        return [DetailLine("could not check:", result.reason)]
    if result.outcome is not Outcome.FAILED:
        return []
    lines = [
        DetailLine(f"on {result.node}" if result.node else "seen", result.observed),
        DetailLine("expected", result.expected),
        DetailLine("see it", result.see, is_command=True),
    ]
    return [line for line in lines if line.text]


def explain_unpassed_check(outcome: Outcome, message: str, node: str = "") -> str:
    """Return in one line why a check did not pass.

    Args:
        outcome: How it ended.
        message: The message of its result.
        node: The node where the failure was observed, if known.

    """
    if outcome is Outcome.ERROR:
        return f"could not be checked: {message}" if message else "could not be checked"
    return f"on {node}: {message}" if node else message


def find_step_skip_reason(results: Sequence[CheckResult]) -> str:
    """Return why all checks of a step were skipped; empty if at least one ran."""
    is_blocked = bool(results) and all(result.outcome is Outcome.SKIPPED for result in results)
    return results[0].reason if is_blocked else ""


def summarize_outcomes(report: CheckReport) -> str:
    """Return the number of checks with each outcome as a sentence."""
    outcomes = (Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED)
    passed, failed, errors, skipped = map(report.count_outcome, outcomes)
    total = len(report.results)
    if passed == total:
        return f"All {total} checks passed." if total > 1 else "The check passed."
    phrases = [f"{passed} of {total} checks passed"]
    phrases += [f"{failed} failed"] if failed else []
    phrases += [f"{errors} could not run"] if errors else []
    phrases += [f"{skipped} skipped"] if skipped else []
    return f"{', '.join(phrases)}."
