"""What programs do, from the tables in `programs.toml`, which explain them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

_TABLES: dict[str, Any] = tomllib.loads((resources.files(__package__) / "programs.toml").read_text("utf-8"))


def _read_words(name: str) -> frozenset[str]:
    return frozenset(_TABLES[name].split())


def _read_options(name: str) -> Mapping[str, tuple[str, ...]]:
    return {program: tuple(options.split()) for program, options in _TABLES[name].items()}


def _read_docker_verbs(name: str) -> frozenset[str]:
    """Return verbs such as `run` and `service create`."""
    return frozenset(
        verb if group == "docker" else f"{group} {verb}"
        for group, verbs in _TABLES[name].items()
        for verb in verbs.split()
    )


EDITORS = _read_words("editors")
VIEWERS = _read_words("viewers")
NOTHING = _read_words("nothing")
SHELLS = _read_words("shells")
INSTANT_LOOKUPS = _read_words("instant_lookups")
LOOKUPS = _read_words("lookups")
REMOTE_LOOKUPS = _read_words("remote_lookups")
SERVERS = _read_words("servers")
FILTERS = _read_words("filters")
QUESTIONERS = _read_words("questioners")
KUBECTL_LOOKUPS = _read_words("kubectl_lookups")
ENDLESS_UNLESS = _read_options("endless_unless")
ENDLESS_WITH = _read_options("endless_with")
CHANGING_OPTIONS = _read_options("changing_options")
DOCKER_LOOKUPS = _read_docker_verbs("docker_lookups")
DOCKER_RETRYABLE = _read_docker_verbs("docker_retryable")
DOCKER_PARTIAL = _read_docker_verbs("docker_partial")
DOCKER_OBJECTS = _read_docker_verbs("docker_objects")
DOCKER_FIRST_OBJECTS = _read_docker_verbs("docker_first_objects")
DOCKER_WAITING = _read_docker_verbs("docker_waiting")
DOCKER_CANCELLABLE = _read_docker_verbs("docker_cancellable")

_OPTIONS = _read_options("docker_options")
DOCKER_GLOBAL_VALUES = frozenset(_OPTIONS["global_values"])
DOCKER_GROUPS = frozenset(_OPTIONS["groups"])
DOCKER_BOOLEANS = frozenset(_OPTIONS["booleans"])
DOCKER_WITH_COMMAND = frozenset(
    [*_OPTIONS["with_command"], *(f"compose {verb}" for verb in _OPTIONS["compose_with_command"])]
)
