"""How long the verification of each lab took on this host, to estimate how long the next one takes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.checking.parallel_verify import LabOnDriver
from runner.checking.verify_report import LabVerification, Verdict
from runner.storage import atomic, codec

# Measured with the labs of this project, two at a time on two processors: 2 to 4 s on containers, and 6 to 7 s on VMs.
_SECONDS_PER_LESSON_MINUTE = 3.0
_SECONDS_PER_LESSON_MINUTE_ON_VMS = 6.0


@dataclass(frozen=True, slots=True)
class DurationRecords:
    """The durations of the last verifications that passed.

    Attributes:
        seconds: The seconds by lab and driver, as in 'swarm-basics on docker'.

    """

    seconds: dict[str, float]

    def estimate_seconds(self, job: LabOnDriver) -> float:
        """Return how long a verification probably takes: as long as the last one here, else by the lesson's length."""
        recorded = self.seconds.get(_create_key(job.lab.name, job.driver))
        if recorded is not None:
            return recorded
        uses_vms = job.reserved_memory_mb > 0
        pace = _SECONDS_PER_LESSON_MINUTE_ON_VMS if uses_vms else _SECONDS_PER_LESSON_MINUTE
        return job.lab.lesson.minutes * pace


def load_duration_records() -> DurationRecords:
    """Return the recorded durations; none if there are none yet, or if they are damaged."""
    with contextlib.suppress(OSError, codec.DecodeError):
        return DurationRecords(codec.decode_json(_records_file().read_bytes(), dict[str, float]))
    return DurationRecords({})


def record_duration(verification: LabVerification) -> None:
    """Record how long a verification took, if it passed."""
    if verification.verdict is not Verdict.PROVEN:
        return
    # Two commands that record at the same time lose one duration, which is only an estimate.
    key = _create_key(verification.lab, verification.driver)
    seconds = load_duration_records().seconds | {key: round(verification.seconds, 1)}
    with contextlib.suppress(OSError):
        _records_file().parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(_records_file(), codec.encode_json(seconds, indent=2))


def _create_key(lab: str, driver: str) -> str:
    return f"{lab} on {driver}"


def _records_file() -> Path:
    return paths.cache_folder() / "verify-durations.json"
