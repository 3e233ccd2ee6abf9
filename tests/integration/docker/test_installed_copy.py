"""The supported ways to install labs without a checkout: uvx, uv tool and pipx, from a package index."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner import __version__
from tests.support.package_index import DISTRIBUTION, UV, UVX, serve_checkout

# A lab with one node.
LAB = "compose-counter"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Provide the address of an index that has this checkout's wheel."""
    with serve_checkout(tmp_path_factory.mktemp("index")) as address:
        yield address


@pytest.fixture
def run_elsewhere(index: str, environment: dict[str, str], tmp_path: Path) -> Run:
    """Return a function that runs a command in an empty folder, as a user without a checkout and without labs."""
    folders = {
        "UV_TOOL_DIR": "uv/tools",
        "UV_TOOL_BIN_DIR": "bin",
        "PIPX_HOME": "pipx",
        "PIPX_BIN_DIR": "bin",
        "PIPX_MAN_DIR": "man",
    }
    variables = {**environment, **{name: str(tmp_path / folder) for name, folder in folders.items()}}
    for name in ("PYTHONPATH", "LABS_ROOT", "VIRTUAL_ENV"):
        variables.pop(name, None)
    # Both take dependencies from the index that this host is configured for.
    variables |= {"UV_INDEX": index, "PIP_EXTRA_INDEX_URL": index}
    variables["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin"
    (tmp_path / "elsewhere").mkdir()

    def run_command(*argv: str, expected: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            argv, cwd=tmp_path / "elsewhere", env=variables, capture_output=True, text=True, check=False, timeout=600
        )
        assert expected == result.returncode, f"{argv}\n{result.stdout}\n{result.stderr}"
        return result

    return run_command


def follow_a_lab(run_elsewhere: Run, *labs: str) -> None:
    """Start a lab, use its node, check it and remove it.

    Args:
        run_elsewhere: Runs commands.
        labs: The command that runs labs.

    """
    assert f"labs, version {__version__}\n" == run_elsewhere(*labs, "--version").stdout
    assert LAB in run_elsewhere(*labs, "list").stdout
    try:
        assert f"Started {LAB} in " in run_elsewhere(*labs, "start", LAB).stdout
        assert run_elsewhere(*labs, "exec", "node1", "--", "docker", "version").stdout
        assert "0 of " in run_elsewhere(*labs, "check", LAB, expected=1).stdout
    finally:
        run_elsewhere(*labs, "rm", LAB)


def test_uvx(run_elsewhere: Run) -> None:
    """`uvx` with the distribution's name runs labs without an installation."""
    follow_a_lab(run_elsewhere, UVX, DISTRIBUTION)


def test_uv_tool(run_elsewhere: Run) -> None:
    """`uv tool install` installs the command `labs`."""
    run_elsewhere(UV, "tool", "install", DISTRIBUTION)
    follow_a_lab(run_elsewhere, "labs")


def test_pipx(run_elsewhere: Run) -> None:
    """`pipx install` installs the command `labs`."""
    run_elsewhere(UVX, "pipx", "install", DISTRIBUTION)
    follow_a_lab(run_elsewhere, "labs")
