"""The result of verifying labs, as data and as the JSON file that `labs verify --report` writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from runner import __version__
from runner.checking.verify import Assertion
from runner.errors import ExitCode
from runner.storage import codec

_FORMAT = "labs-verify/3"


class Verdict(Enum):
    """What the verification of a lab has shown.

    `NOT_PROVEN` says nothing about the lab: it was not started, or the host was the reason why it did not finish.
    """

    PROVEN = "proven"
    FAILED = "failed"
    NOT_PROVEN = "not_proven"


@dataclass(frozen=True, slots=True)
class LabVerification:
    """The result of verifying one lab.

    Attributes:
        lab: The lab's name.
        driver: The driver it was verified on; empty if none supports it here.
        seconds: How long that took, including starting and removing the cluster.
        assertions: Everything that was tested.
        error: Why the verification did not finish, or was not started; empty if it finished.
        exit_code: The exit code of its own `labs verify`; None if it was not started.
        chosen_because: Why this lab was chosen, such as the file that has changed; empty if the user named it.

    """

    lab: str
    driver: str
    seconds: float
    assertions: tuple[Assertion, ...]
    error: str = ""
    exit_code: int | None = ExitCode.DONE
    chosen_because: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the verification has shown; only a verification that finished and found no failure is a proof."""
        if self.exit_code == ExitCode.DONE:
            return Verdict.PROVEN
        is_unknown = self.exit_code in (None, ExitCode.HOST, ExitCode.INTERRUPTED) and not self.failed_assertions
        return Verdict.NOT_PROVEN if is_unknown else Verdict.FAILED

    @property
    def failed_assertions(self) -> tuple[Assertion, ...]:
        """The assertions that do not hold."""
        return tuple(assertion for assertion in self.assertions if assertion.failure)


def build_verify_report(verifications: Iterable[LabVerification]) -> dict[str, Any]:
    """Return the report as plain data: its format, the version of labs, and all labs with their assertions."""
    labs = [{**codec.to_builtins(lab), "verdict": lab.verdict.value} for lab in verifications]
    return {"format": _FORMAT, "version": __version__, "labs": labs}


def parse_verify_report(data: object) -> list[LabVerification]:
    """Return the verifications in a report.

    Raises:
        ValueError: It is not a report in this format.

    """
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise ValueError(f"not {_FORMAT}")
    return codec.from_builtins(data.get("labs"), list[LabVerification])


def combine_exit_codes(verifications: Iterable[LabVerification]) -> int:
    """Return the exit code for several labs: a bug outranks a broken lab, which outranks an unsuitable host.

    A lab that was not started does not count.
    """
    codes = {verification.exit_code for verification in verifications if verification.exit_code is not None}
    by_severity = (ExitCode.BUG, ExitCode.BROKEN_LAB, ExitCode.HOST)
    # Any other exit code, such as that of a Python that could not start, does not mean that a lab was verified.
    return next((code for code in by_severity if code in codes), max(codes, default=ExitCode.DONE))
