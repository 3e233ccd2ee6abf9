"""Where things lie: the labs and checks, and what this user's runs leave behind."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).parent


def labs_folder() -> Path:
    """Return the folder with one folder per lab.

    `LABS_ROOT` names another tree with `labs/` and `checks/` of its own. Otherwise it is the checkout this package
    lies in, or, once installed from a wheel, the copy the wheel carries.
    """
    root = os.environ.get("LABS_ROOT")
    if root:
        return Path(root) / "labs"
    checkout = _PACKAGE.parent / "labs"
    return checkout if (_PACKAGE.parent / "pyproject.toml").exists() else _PACKAGE / "content" / "labs"


def checks_folder() -> Path:
    """Return the folder with one file of checks per lab."""
    root = os.environ.get("LABS_ROOT")
    return Path(root) / "checks" if root else _PACKAGE.parent / "checks"


def state_folder() -> Path:
    """Return the folder for logs and locks, which outlives a reboot."""
    return Path(platformdirs.user_state_dir("labs", appauthor=False))


def cache_folder() -> Path:
    """Return the folder for what can be found out again at any time."""
    return Path(platformdirs.user_cache_dir("labs", appauthor=False))


def runtime_folder() -> Path:
    """Return the folder for sockets, which a reboot empties."""
    return Path(platformdirs.user_runtime_dir("labs", appauthor=False))
