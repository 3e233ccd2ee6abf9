"""Folders and files: the labs and their checks, and this user's state, cache and sockets."""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

from runner.errors import UsageError

_PACKAGE = Path(__file__).parent


def labs_folder() -> Path:
    """Return the folder that contains one folder per lab.

    The environment variable `LABS_ROOT` selects another tree, which has its own `labs/` and `checks/`. The default is
    the checkout that contains this package or, if it was installed from a wheel, the copy in the wheel.
    """
    root = os.environ.get("LABS_ROOT")
    return Path(root) / "labs" if root else _built_in_labs()


def checks_folder() -> Path:
    """Return the folder that contains one file of checks per lab."""
    root = os.environ.get("LABS_ROOT")
    return Path(root) / "checks" if root else _PACKAGE.parent / "checks"


def checks_file(lab: str) -> Path:
    """Return the file with a lab's checks."""
    return checks_folder() / f"test_{lab.replace('-', '_')}.py"


def uses_built_in_labs() -> bool:
    """Return whether the labs are those that come with this package."""
    return labs_folder().resolve() == _built_in_labs().resolve()


def is_installed_from_wheel() -> bool:
    """Return whether this package was installed from a wheel, as opposed to running from a checkout."""
    return not (_PACKAGE.parent / "pyproject.toml").exists()


def _built_in_labs() -> Path:
    return _PACKAGE / "content" / "labs" if is_installed_from_wheel() else _PACKAGE.parent / "labs"


def site_folder() -> Path:
    """Return the folder with the lesson site's templates and assets."""
    return _PACKAGE / "content" / "site" if is_installed_from_wheel() else _PACKAGE.parent / "site"


def package_folder() -> Path:
    """Return the folder of this package."""
    return _PACKAGE


def docs_folder() -> Path:
    """Return the folder with the documentation."""
    return _PACKAGE / "content" / "docs" if is_installed_from_wheel() else _PACKAGE.parent / "docs"


def lint_rule_page(code: str) -> Path:
    """Return the page that explains a lint rule."""
    return docs_folder() / "reference" / "lint" / f"{code}.md"


def project_name() -> str:
    """Return the name that separates this user's clusters from others on the same host or engine: `LABS_PROJECT`.

    Raises:
        UsageError: The variable's value is not a valid name.

    """
    name = os.environ.get("LABS_PROJECT", "labs")
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
        message = f"LABS_PROJECT is '{name}', which is not a valid project name."
        raise UsageError(message, "Use a lowercase letter, then up to 30 lowercase letters, digits and dashes.")
    return name


def state_folder() -> Path:
    """Return the folder for this project's logs, locks and progress, which survives a reboot."""
    return Path(platformdirs.user_state_dir("labs", appauthor=False)) / project_name()


def vms_folder() -> Path:
    """Return the folder for this project's VMs; if it is missing, the driver uml has no clusters."""
    # The name is that of earlier versions, so that this version finds and removes their clusters too.
    return state_folder() / "machines"


def cache_folder() -> Path:
    """Return the folder for data that can be computed or built again at any time."""
    return Path(platformdirs.user_cache_dir("labs", appauthor=False))


def check_parent_folder(file: Path) -> None:
    """Check that the folder of an output file exists; call this before a long operation.

    Raises:
        UsageError: The folder does not exist.

    """
    if not file.absolute().parent.is_dir():
        message = f"Cannot write {file}: the folder {file.parent} does not exist."
        raise UsageError(message, f"'mkdir -p {file.parent}' creates it.")


def program_search_path() -> str:
    """Return PATH with the `sbin` folders added, which an ordinary user's PATH often lacks."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def subprocess_environment() -> dict[str, str]:
    """Return the environment for a `python -P -m runner...` process.

    The process imports this same package, and writes UTF-8 to its pipes, whatever the encoding of the terminal is.
    """
    python_path = os.environ.get("PYTHONPATH")
    folders = [str(_PACKAGE.parent), *([python_path] if python_path else [])]
    encoding = {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8:replace"}
    return {**os.environ, **encoding, "PYTHONPATH": os.pathsep.join(folders)}


def sockets_folder() -> Path:
    """Return the folder for this project's sockets, which only this user can access."""
    runtime_folder = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime_folder) / "labs" / project_name() if runtime_folder else state_folder() / "sockets"
