"""The user's Docker configuration file: the active context, and the credentials for registries.

Nothing else in it is used. Like the Docker CLI, labs ignores a file or a value that it cannot use; `labs doctor` names
it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker import auth
from docker.utils import config

DEFAULT_CONTEXT = "default"
_CREDENTIAL_KEYS = ("auths", "credsStore", "credHelpers")
_TYPES: Mapping[str, type] = {"currentContext": str, "auths": dict, "credsStore": str, "credHelpers": dict}
_TYPE_NAMES = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """What labs uses of the file.

    Attributes:
        context: The name of the active context.
        credentials: The values about registries.
        problem: What is wrong with the file, or ''.

    """

    context: str = DEFAULT_CONTEXT
    credentials: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def load_client_config() -> ClientConfig:
    """Read the file that the Docker CLI reads, if it exists."""
    name = config.find_config_file()
    if name is None:
        return ClientConfig()
    try:
        content = json.loads(Path(name).read_bytes())
    except OSError as error:
        return ClientConfig(problem=f"{name} cannot be read: {error.strerror}")
    except (ValueError, RecursionError) as error:
        return ClientConfig(problem=f"{name} is not valid JSON: {error}")
    if not isinstance(content, dict):
        return ClientConfig(problem=f"{name} contains {_name_type(content)} instead of an object")
    values = {key: content[key] for key in _TYPES if content.get(key) is not None}
    usable = {key: value for key, value in values.items() if isinstance(value, _TYPES[key])}
    wrong = [
        f"'{key}' is {_name_type(value)} instead of {_TYPE_NAMES[_TYPES[key]]}"
        for key, value in values.items()
        if key not in usable
    ]
    return ClientConfig(
        context=str(usable.get("currentContext") or DEFAULT_CONTEXT),
        credentials={key: usable[key] for key in _CREDENTIAL_KEYS if key in usable},
        problem=f"in {name}, {' and '.join(wrong)}" if wrong else "",
    )


def _name_type(value: object) -> str:
    return _TYPE_NAMES.get(type(value), "a number")


def find_registry_credentials(repository: str) -> dict[str, Any]:
    """Return the user's credentials for pulling a repository.

    Args:
        repository: Its name, without a tag.

    Returns:
        The credentials as the engine expects them. They are empty, so that the pull is anonymous, if the user has none
        for this registry, or if they cannot be read: for example because a credential helper is not installed.

    """
    credentials = _omit_missing_helpers(load_client_config().credentials)
    if not credentials:
        return {}
    try:
        registry, _ = auth.resolve_repository_name(repository)
        return dict(auth.load_config(config_dict=credentials).resolve_authconfig(registry) or {})
    except Exception:  # The SDK raises no narrower type for values of other types and for failing helpers.
        return {}


def _omit_missing_helpers(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return credentials without the helpers that are not installed, such as that of Docker Desktop in a WSL system."""

    def is_installed(name: object) -> bool:
        return shutil.which(f"docker-credential-{name}") is not None

    helpers = credentials.get("credHelpers", {})
    installed = {
        "auths": credentials.get("auths", {}),
        "credsStore": name if is_installed(name := credentials.get("credsStore", "")) else "",
        "credHelpers": {registry: name for registry, name in helpers.items() if is_installed(name)},
    }
    return {key: value for key, value in installed.items() if value}
