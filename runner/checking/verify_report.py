"""The result of verifying labs, as data and as the JSON file that `labs verify --report` writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runner import __version__
from runner.checking.verify import Assertion
from runner.errors import ExitCode
from runner.storage import codec

_FORMAT = "labs-verify/2"


@dataclass(frozen=True, slots=True)
class LabVerification:
    """The result of verifying one lab.

    Attributes:
        lab: The lab's name.
        driver: The driver it was verified on; empty if none supports it here.
        seconds: How long that took, including starting and removing the cluster.
        assertions: Everything that was tested.
        error: Why the verification could not finish; empty if it did.
        exit_code: The exit code of its own `labs verify`.

    """

    lab: str
    driver: str
    seconds: float
    assertions: tuple[Assertion, ...]
    error: str = ""
    exit_code: int = ExitCode.DONE

    @property
    def failed_assertions(self) -> tuple[Assertion, ...]:
        """The assertions that do not hold."""
        return tuple(assertion for assertion in self.assertions if assertion.failure)


def build_verify_report(verifications: Iterable[LabVerification]) -> dict[str, Any]:
    """Return the report as plain data: its format, the version of labs, and all labs with their assertions."""
    labs = codec.to_builtins(list(verifications))
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
    """Return the exit code for several labs: a bug outranks a broken lab, which outranks an unsuitable host."""
    codes = {verification.exit_code for verification in verifications}
    by_severity = (ExitCode.BUG, ExitCode.BROKEN_LAB, ExitCode.HOST)
    # Any other exit code, such as that of a Python that could not start, does not mean that a lab was verified.
    return next((code for code in by_severity if code in codes), max(codes, default=ExitCode.DONE))
