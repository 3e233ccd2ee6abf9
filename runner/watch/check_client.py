"""Run checks in a separate worker process, which can be killed if a check hangs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runner import paths, sanitize
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.watch.model import ErrorNotice

_READ_SIZE = 1 << 16


@dataclass(frozen=True, slots=True)
class CheckRunResult:
    """The result of a check run.

    Attributes:
        all_checks: Whether all checks were requested.
        report: The results of the checks; None if they could not run.
        error: Why they could not run.

    """

    all_checks: bool
    report: CheckReport | None = None
    error: ErrorNotice | None = None


class CheckClient:
    """Starts the worker process and sends it requests, one run at a time.

    The worker stays alive between runs, because importing the checks takes longer than running them.

    Args:
        lab: The lab's name.

    """

    def __init__(self, lab: str) -> None:
        self._lab = lab
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this object exists
        self._received = bytearray()
        self._all_checks = False
        self._check_files_version: tuple[float, ...] = ()
        self.is_running = False

    def start_check_run(self, step_ids: Iterable[str] | None) -> int:
        """Start a run, and return the descriptor that becomes readable when `read_run_result` has something to read.

        Args:
            step_ids: The ids of the steps whose checks run; None for all checks.

        """
        version = self._read_check_files_version()
        if self._process is None or self._process.poll() is not None or version != self._check_files_version:
            self.kill_worker()
            self._check_files_version = version
            self._process = self._start_worker()
        assert self._process.stdin
        assert self._process.stdout
        line = json.dumps({"steps": None if step_ids is None else sorted(step_ids)}) + "\n"
        # If the worker has just died, its output ends, and `read_run_result` reports it.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        self._all_checks = step_ids is None
        self.is_running = True
        return self._process.stdout.fileno()

    def read_run_result(self) -> CheckRunResult | None:
        """Read the available output, and return the run's result once it is complete."""
        if self._process is None:
            # The worker was killed just when it answered.
            return None
        assert self._process.stdout
        data = os.read(self._process.stdout.fileno(), _READ_SIZE)
        self._received += data
        if not data:
            self.kill_worker()
            error = ErrorNotice("The check process ended unexpectedly.", self._read_last_error_line())
            return CheckRunResult(self._all_checks, error=error)
        line, newline, _ = self._received.partition(b"\n")
        if not newline:
            return None
        self._received.clear()
        self.is_running = False
        return _parse_response(json.loads(line), self._all_checks)

    def kill_worker(self) -> None:
        """Kill the worker process, and with it the current run."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
        self._process = None
        self._received.clear()
        self.is_running = False

    def _start_worker(self) -> subprocess.Popen[bytes]:
        self._stderr.seek(0)
        self._stderr.truncate()
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "runner.watch.check_worker", self._lab],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=paths.subprocess_environment(),
            # Ctrl-C reaches only the watch, which then kills the worker.
            start_new_session=True,
        )

    def _read_check_files_version(self) -> tuple[float, ...]:
        """Return the modification times of the check files: a running worker keeps using the version it imported."""
        # Ignores editor lock files such as `.#test_x.py`, which are dangling symbolic links.
        files = (path for path in sorted(paths.checks_folder().glob("*.py")) if not path.name.startswith("."))
        return tuple(path.stat().st_mtime for path in files)

    def _read_last_error_line(self) -> str:
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return sanitize.strip_control_chars(lines[-1]) if lines else "Run 'labs check' for details."


def _parse_response(response: dict[str, Any], all_checks: bool) -> CheckRunResult:
    if "report" not in response:
        return CheckRunResult(all_checks, error=ErrorNotice(response["message"], response["advice"]))
    results = tuple(map(_parse_result, response["report"]["results"]))
    return CheckRunResult(all_checks, CheckReport(response["report"]["lab"], results))


def _parse_result(fields: dict[str, Any]) -> CheckResult:
    texts = {name: sanitize.strip_control_chars(value) for name, value in fields.items() if isinstance(value, str)}
    return CheckResult(**{**fields, **texts, "outcome": Outcome(fields["outcome"])})
