"""Runs a lab's checks with pytest, in this process and without pytest's own output."""

from __future__ import annotations

from typing import Any

import pytest

from runner import paths
from runner.checking.outcomes import Outcome, Report, Result
from runner.checking.request import KEY, Request
from runner.errors import BrokenLabError

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
    "-pchecks.plugin",
)


def run(request: Request) -> Report:
    """Run the checks and return what they found.

    Raises:
        BrokenLabError: The checks cannot even be loaded, or there are none.

    """
    folder = paths.checks_folder()
    file = folder / f"test_{request.lab.name.replace('-', '_')}.py"
    if not file.is_file():
        raise BrokenLabError(f"The lab '{request.lab.name}' has no checks.", f"Write {file}.")
    recorder = _Recorder(request)
    status = pytest.main([*_ARGUMENTS, f"--rootdir={folder}", str(file)], plugins=[recorder])
    if status == pytest.ExitCode.INTERRUPTED and not recorder.trouble:
        raise KeyboardInterrupt
    if recorder.trouble or status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        log = "\n".join(recorder.trouble) or f"pytest ended with {status!r}"
        raise BrokenLabError(f"The checks of '{request.lab.name}' cannot run.", f"Mend {file}.", log)
    return Report(request.lab.name, tuple(recorder.results))


class _Recorder:
    """A pytest plugin that hands the request in and collects the results."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.results: list[Result] = []
        self.trouble: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[KEY] = self._request

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble.append(report.longreprtext)

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.trouble.append(str(excrepr))

    def pytest_exception_interact(self, call: Any) -> None:
        if call.excinfo and call.excinfo.errisinstance(pytest.UsageError):
            self.trouble.append(str(call.excinfo.value))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "labs" and isinstance(value, dict):
                self.results.append(Result(**{**value, "outcome": Outcome(value["outcome"])}))
