"""What came of verifying a lab, as data and as a report that programs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runner import __version__
from runner.checking.verify import Assertion
from runner.errors import ExitCode
from runner.storage import codec

_FORMAT = "labs-verify/1"


@dataclass(frozen=True, slots=True)
class LabVerification:
    """What came of one lab.

    Attributes:
        lab: The lab's name.
        driver: What it was tried on; empty if nothing serves it here.
        seconds: How long that took, start and removal included.
        proofs: All that was tried.
        error: Why it could not be tried to its end; empty if it was.
        exit_code: What its own `labs verify` ends with.

    """

    lab: str
    driver: str
    seconds: float
    assertions: tuple[Assertion, ...]
    error: str = ""
    exit_code: int = ExitCode.DONE

    @property
    def failed_assertions(self) -> tuple[Assertion, ...]:
        """What is not as it must be."""
        return tuple(proof for proof in self.assertions if proof.failure)


def build_verify_report(found: Iterable[LabVerification]) -> dict[str, Any]:
    """Return the report: what wrote it, and every lab with all that was tried."""
    return {"format": _FORMAT, "version": __version__, "labs": codec.to_builtins(list(found))}


def parse_verify_report(data: Mapping[str, Any]) -> list[LabVerification]:
    """Return what a report tells.

    Raises:
        ValueError: It is no such report.

    """
    if data.get("format") != _FORMAT:
        raise ValueError(f"not {_FORMAT}")
    return codec.from_builtins(data.get("labs"), list[LabVerification])


def combine_exit_codes(found: Iterable[LabVerification]) -> int:
    """Return the exit code for several labs: a bug of ours first, then a broken lab, then an unfit environment."""
    codes = {one.exit_code for one in found}
    order = (ExitCode.BUG, ExitCode.BROKEN_LAB, ExitCode.HOST)
    # However else one has ended, as by a Python that could not even begin, no lab has been proved by that.
    return next((code for code in order if code in codes), max(codes, default=ExitCode.DONE))
