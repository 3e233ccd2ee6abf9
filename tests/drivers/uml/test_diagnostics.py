"""Whether this machine can run kernels as processes, and what it says where it cannot."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from runner.drivers.uml import diagnostics
from runner.errors import HostError
from tests import helpers


def _shown(subject: str) -> tuple[bool | None, str, str]:
    finding = next(found for found in diagnostics.diagnose_host(None) if found.subject == subject)
    return finding.is_ok, finding.finding, finding.advice


def test_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a processor that user-mode Linux is not made for, the driver refuses and names the other one."""
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert (False, "Linux on aarch64") == _shown("processor")[:2]
    with pytest.raises(HostError, match="The driver uml cannot serve: processor: Linux on aarch64") as caught:
        diagnostics.check_host()
    assert "driver docker" in caught.value.advice


def test_missing_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where tools are missing, all are told at once with the line that installs them."""
    monkeypatch.setattr("shutil.which", lambda *_args, **_more: None)
    good, seen, advice = _shown("tools")
    assert (False, "coreutils, iproute2, util-linux missing") == (good, seen)
    assert "sudo apt-get install coreutils iproute2 util-linux" in advice


@pytest.mark.parametrize(("user", "helps"), [(1000, True), (0, False)])
def test_refused_namespaces(user: int, helps: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where namespaces may not be made, its words are shown, and what to do; root is not told to be root."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    helpers.write_script(tmp_path, "unshare", "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    good, seen, advice = _shown("namespaces")
    assert good is False
    assert "(unshare: unshare failed: Operation not permitted)" in seen
    assert helps is ("as root" in advice)
    assert advice


def test_findings() -> None:
    """Every subject is looked at, without parts too, and what is not good says what to do."""
    found = diagnostics.diagnose_host(None)
    assert {"processor", "tools", "namespaces", "parts", "memory"} <= {finding.subject for finding in found}
    assert [] == [finding.subject for finding in found if finding.is_ok is not True and not finding.advice]
