"""Runs a lab's checks with pytest, in this process and without pytest's own output."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from runner import paths
from runner.checking.check_request import REQUEST_KEY, CheckRequest
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.errors import BrokenLabError, HostError

# What the user has configured for pytest elsewhere must not change what a check finds.
_ARGUMENTS = (
    "-c/dev/null",
    "--disable-plugin-autoload",
    "--noconftest",
    "--capture=sys",
    "--assert=plain",
    "--import-mode=importlib",
    "-pno:terminal",
    "-pno:cacheprovider",
    "-pno:faulthandler",
    "-pno:doctest",
    "-pno:junitxml",
    "-pno:pastebin",
    "-pchecks.pytest_plugin",
)
_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
# A step may have no checks of its own.
_FINE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


def run_checks(request: CheckRequest) -> CheckReport:
    """Run the checks and return what they found.

    Raises:
        BrokenLabError: The checks cannot even be loaded, or there are none.
        HostError: They were loaded, and running them came to an end that no check can bring about.

    """
    file = request.checks_file or paths.checks_file(request.lab.name)
    if not file.is_file():
        raise BrokenLabError(f"The lab '{request.lab.name}' has no checks.", f"Write {file}.")
    _forget_other(file)
    recorder = _ResultCollector(request)
    with pytest.MonkeyPatch.context() as patch:
        for name in _VARIABLES:
            patch.delenv(name, raising=False)
        status = pytest.main([*_ARGUMENTS, f"--rootdir={file.parent}", str(file)], plugins=[recorder])
    if status == pytest.ExitCode.INTERRUPTED and not recorder.trouble:
        raise KeyboardInterrupt
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and request.steps is None:
        recorder.trouble.append("there is no check in it")
    if recorder.crash:
        # What the nodes have said may have brought it about, and then it is no fault of the lab's.
        message = f"The checks of '{request.lab.name}' crashed, so nobody knows what they would have found."
        raise HostError(message, f"Try it again; if that does not help, mend {file}.", "\n".join(recorder.crash))
    if recorder.trouble or status not in _FINE:
        log = "\n".join(recorder.trouble) or f"pytest ended with {status!r}"
        raise BrokenLabError(f"The checks of '{request.lab.name}' cannot run.", f"Mend {file}.", log)
    return CheckReport(request.lab.name, tuple(recorder.results))


def _forget_other(file: Path) -> None:
    """Let pytest load this very file, and not take another one of its name for it that was loaded before."""
    loaded = sys.modules.get(file.stem)
    if loaded is not None and loaded.__file__ != str(file.resolve()):
        del sys.modules[file.stem]


class _ResultCollector:
    """A pytest plugin that hands the request in and collects the results."""

    def __init__(self, request: CheckRequest) -> None:
        self._request = request
        self.results: list[CheckResult] = []
        self.trouble: list[str] = []
        self.crash: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[REQUEST_KEY] = self._request

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble.append(report.longreprtext)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        try:
            return (yield)
        except pytest.UsageError as error:
            # Left to itself, pytest would write it to standard error.
            self.trouble.append(str(error))
            session.items = []
            return None

    def pytest_internalerror(self, excrepr: Any) -> bool:
        self.crash.append(str(excrepr))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "labs" and isinstance(value, dict):
                self.results.append(CheckResult(**{**value, "outcome": Outcome(value["outcome"])}))
