"""Has checks run by a warm process, which can be ended should a check not come back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from runner import paths, sanitize
from runner.checking.results import CheckReport, CheckResult
from runner.storage import codec
from runner.watch.model import ErrorNotice

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class CheckRunResult:
    """What a run came to.

    Attributes:
        whole: Whether all checks were asked for.
        report: What they found; None if they could not run.
        trouble: Why they could not.

    """

    all_checks: bool
    report: CheckReport | None = None
    error: ErrorNotice | None = None


class CheckClient:
    """The warm process and what is asked of it; one run at a time.

    Args:
        lab: The lab's name.

    """

    def __init__(self, lab: str) -> None:
        self._lab = lab
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as this is
        self._came = bytearray()
        self._whole = False
        self._edition: tuple[float, ...] = ()
        self.is_running = False

    def start_run(self, step_ids: Iterable[str] | None) -> int:
        """Begin a run, and return the descriptor that is readable once there is something to `take`.

        Args:
            steps: The ids of the steps whose checks run; all if None.

        """
        edition = self._edition_now()
        if self._process is None or self._process.poll() is not None or edition != self._edition:
            self.kill_worker()
            self._edition = edition
            self._process = self._launch()
        assert self._process.stdin
        assert self._process.stdout
        line = json.dumps({"steps": None if step_ids is None else sorted(step_ids)}) + "\n"
        # A process that has just ended says so at its output.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        self._whole = step_ids is None
        self.is_running = True
        return self._process.stdout.fileno()

    def read_result(self) -> CheckRunResult | None:
        """Read what has come, and return what the run came to once that is known."""
        if self._process is None:
            # A key that ended it was pressed in the moment in which it answered.
            return None
        assert self._process.stdout
        data = os.read(self._process.stdout.fileno(), _CHUNK)
        self._came += data
        if not data:
            self.kill_worker()
            return CheckRunResult(
                self._whole, error=ErrorNotice("The process that runs the checks has ended.", self._last_words())
            )
        line, newline, _ = self._came.partition(b"\n")
        if not newline:
            return None
        self._came.clear()
        self.is_running = False
        return _understood(json.loads(line), self._whole)

    def kill_worker(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
        self._process = None
        self._came.clear()
        self.is_running = False

    def _launch(self) -> subprocess.Popen[bytes]:
        self._stderr.seek(0)
        self._stderr.truncate()
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "runner.watch.check_worker", self._lab],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=paths.environment(),
            # Ctrl-C is for the watch alone, which then ends this.
            start_new_session=True,
        )

    def _edition_now(self) -> tuple[float, ...]:
        """Return what changes when an author edits the checks; a warm process has them as they were."""
        # The lock of an editor that has one open, `.#test_x.py`, is a link that leads nowhere.
        found = (path for path in sorted(paths.checks_folder().glob("*.py")) if not path.name.startswith("."))
        return tuple(path.stat().st_mtime for path in found)

    def _last_words(self) -> str:
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return sanitize.strip_control_chars(lines[-1]) if lines else "'labs check' says more."


def _understood(answer: dict[str, Any], whole: bool) -> CheckRunResult:
    if "report" not in answer:
        return CheckRunResult(whole, error=ErrorNotice(answer["message"], answer["advice"]))
    report = codec.from_builtins(answer["report"], CheckReport)
    return CheckRunResult(whole, replace(report, results=tuple(map(_sanitize_result, report.results))))


def _sanitize_result(result: CheckResult) -> CheckResult:
    """Remove control characters from what a check read on a node."""
    texts = ("says", "reason", "node", "observed", "expected", "see")
    cleaned: dict[str, Any] = {name: sanitize.strip_control_chars(getattr(result, name)) for name in texts}
    return replace(result, **cleaned)
