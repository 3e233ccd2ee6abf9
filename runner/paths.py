"""Where things lie: the labs and checks, and what this user's runs leave behind."""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

from runner.errors import UsageError

_PACKAGE = Path(__file__).parent


def labs_folder() -> Path:
    """Return the folder with one folder per lab.

    `LABS_ROOT` names another tree with `labs/` and `checks/` of its own. Otherwise it is the checkout this package
    lies in, or, once installed from a wheel, the copy the wheel carries.
    """
    root = os.environ.get("LABS_ROOT")
    return Path(root) / "labs" if root else _built_in_labs()


def checks_folder() -> Path:
    """Return the folder with one file of checks per lab."""
    root = os.environ.get("LABS_ROOT")
    return Path(root) / "checks" if root else _PACKAGE.parent / "checks"


def checks_file(lab: str) -> Path:
    """Return the file with a lab's checks."""
    return checks_folder() / f"test_{lab.replace('-', '_')}.py"


def uses_built_in_labs() -> bool:
    """Whether the labs are those that come with this program."""
    return labs_folder().resolve() == _built_in_labs().resolve()


def is_installed() -> bool:
    """Whether this program was installed, and is no checkout that somebody works in."""
    return not (_PACKAGE.parent / "pyproject.toml").exists()


def _built_in_labs() -> Path:
    return _PACKAGE / "content" / "labs" if is_installed() else _PACKAGE.parent / "labs"


def site_folder() -> Path:
    """Return the folder with the lesson site's templates and assets."""
    return _PACKAGE / "content" / "site" if is_installed() else _PACKAGE.parent / "site"


def project_name() -> str:
    """Return whose clusters these are: `LABS_PROJECT`, for several people or test runs on one machine or engine.

    Raises:
        UsageError: The variable holds no fit name.

    """
    name = os.environ.get("LABS_PROJECT", "labs")
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
        message = f"LABS_PROJECT is '{name}', which cannot name a project."
        raise UsageError(message, "Use small letters, digits and dashes.")
    return name


def state_folder() -> Path:
    """Return the folder for this project's logs and locks, which outlives a reboot."""
    return Path(platformdirs.user_state_dir("labs", appauthor=False)) / project_name()


def vms_folder() -> Path:
    """Return the folder for this project's machines: where it is missing, the driver uml has no clusters."""
    return state_folder() / "machines"


def cache_folder() -> Path:
    """Return the folder for what can be found out again at any time."""
    return Path(platformdirs.user_cache_dir("labs", appauthor=False))


def check_parent_folder(file: Path) -> None:
    """Refuse a file to write whose folder is missing; told before the work whose outcome could not be written.

    Raises:
        UsageError: There is no such folder.

    """
    if not file.absolute().parent.is_dir():
        message = f"There is no folder {file.parent} to write '{file.name}' to."
        raise UsageError(message, f"'mkdir -p {file.parent}' makes it.")


def program_search_path() -> str:
    """Return a search path for programs; ordinary users' own often leaves out where the administrators' lie."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def subprocess_environment() -> dict[str, str]:
    """Return our environment for a Python of ours that is started with `-P`: it finds this very package first."""
    given = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(_PACKAGE.parent), *([given] if given else [])])}


def sockets_folder() -> Path:
    """Return the folder for this project's sockets, which only this user may enter."""
    session = os.environ.get("XDG_RUNTIME_DIR")
    return Path(session) / "labs" / project_name() if session else state_folder() / "sockets"
