"""Run a lab's checks with pytest in this process, without pytest's own output."""

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

# A user's own pytest configuration must not change the result of a check.
_PYTEST_ARGUMENTS = (
    "-c/dev/null",
    "--disable-plugin-autoload",
    "--noconftest",
    "--capture=sys",
    "--assert=plain",
    "--import-mode=importlib",
    "-pno:terminal",
    "-pno:cacheprovider",
    "-pno:faulthandler",
    "-pno:unraisableexception",
    "-pno:doctest",
    "-pno:junitxml",
    "-pno:pastebin",
    "-pchecks.pytest_plugin",
)
_PYTEST_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
# A step may have no checks, so pytest may collect none.
_EXPECTED_EXIT_CODES = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


def run_checks(request: CheckRequest) -> CheckReport:
    """Run the checks and return their results.

    Raises:
        BrokenLabError: The checks cannot be loaded, or there are none.
        HostError: The checks were loaded, but pytest itself crashed while running them.

    """
    file = request.checks_file or paths.checks_file(request.lab.name)
    if not file.is_file():
        raise BrokenLabError(f"The lab '{request.lab.name}' has no checks: {file} does not exist.", "Write this file.")
    _unload_same_named_module(file)
    collector = _ResultCollector(request)
    status = _run_pytest(file, collector)
    if status == pytest.ExitCode.INTERRUPTED and not collector.load_errors:
        raise KeyboardInterrupt
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and request.steps is None:
        collector.load_errors.append("the file contains no checks")
    if collector.crashes:
        # A response of a node may have caused the crash, so it is not necessarily a fault of the lab.
        message = f"The checks of '{request.lab.name}' crashed, so their results are unknown."
        raise HostError(message, f"Try again. If they crash again, fix {file}.", "\n".join(collector.crashes))
    if collector.load_errors or status not in _EXPECTED_EXIT_CODES:
        log = "\n".join(collector.load_errors) or f"pytest ended with {status!r}"
        raise BrokenLabError(f"The checks of '{request.lab.name}' cannot run.", f"Fix {file}.", log)
    return CheckReport(request.lab.name, tuple(collector.results))


def _run_pytest(file: Path, collector: _ResultCollector) -> int | pytest.ExitCode:
    # Without `--confcutdir`, pytest lists all folders above the file, which takes a while if there are large ones.
    folders = (f"--rootdir={file.parent}", f"--confcutdir={file.parent}")
    with pytest.MonkeyPatch.context() as patch:
        for name in _PYTEST_VARIABLES:
            patch.delenv(name, raising=False)
        # Pytest's plugin for such exceptions collects garbage twice in each run, which is slow.
        patch.setattr(sys, "unraisablehook", lambda _: None)
        return pytest.main([*_PYTEST_ARGUMENTS, *folders, str(file)], plugins=[collector])


def _unload_same_named_module(file: Path) -> None:
    """Make pytest load this file, and not another file of the same name that was loaded before."""
    module = sys.modules.get(file.stem)
    if module is not None and module.__file__ != str(file.resolve()):
        del sys.modules[file.stem]


class _ResultCollector:
    """A pytest plugin that passes the request to the checks' plugin and collects the results."""

    def __init__(self, request: CheckRequest) -> None:
        self._request = request
        self.results: list[CheckResult] = []
        self.load_errors: list[str] = []
        self.crashes: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[REQUEST_KEY] = self._request

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.load_errors.append(report.longreprtext)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        try:
            return (yield)
        except pytest.UsageError as error:
            # Otherwise pytest writes the message to standard error.
            self.load_errors.append(str(error))
            session.items = []
            return None

    def pytest_internalerror(self, excrepr: Any) -> bool:
        self.crashes.append(str(excrepr))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "labs" and isinstance(value, dict):
                result = CheckResult(**{**value, "outcome": Outcome(value["outcome"])})
                self.results.append(result)
                if self._request.observer:
                    self._request.observer.on_check_finished(result)
