"""Parse the special blocks of a lesson: commands, hints and pictures."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.lessons import frontmatter
from runner.lessons.model import Command, Hint, Picture, PictureService
from runner.lessons.problems import Problem

_COMMAND_OPTIONS = {
    "capture": re.compile(r"[A-Z][A-Z0-9_]*"),
    "exit": re.compile(r"\d{1,3}"),
    "retry": re.compile(r"\d{1,3}"),
}
_HINT_OPTIONS = {"check": re.compile(r"test_[a-z0-9_]+"), "says": re.compile(r".+")}


@dataclass(frozen=True, slots=True)
class BlockParser:
    """Parses the blocks of one file.

    Attributes:
        path: The file.
        node_names: The names of the lab's nodes; empty if they are unknown because its front matter is invalid.
        value_names: The names of the lab's values per learner.
        problems: The list to which problems are added.

    """

    path: Path
    node_names: Collection[str]
    value_names: Collection[str]
    problems: list[Problem]

    def parse_command(self, line: int, words: Sequence[str], script: str) -> Command:
        """Parse a shell block: the nodes it runs on, the script, and the expected result."""
        nodes = tuple(word for word in words if "=" not in word)
        options = dict(word.split("=", 1) for word in words if "=" in word)
        problems = self._check_nodes(nodes)
        if not nodes:
            problems.append("a shell block must name its node, as in ```sh node1")
        problems += _check_options(options, _COMMAND_OPTIONS)
        capture_name = options.get("capture")
        if capture_name in self.value_names:
            problems.append(f"<{capture_name}> is already a value of the lab; capture under another name")
        self._add_problems(line, problems)
        if problems:
            return Command(nodes, script, line, capture_name)
        exit_status, retry_seconds = int(options.get("exit", 0)), float(options.get("retry", 0))
        return Command(nodes, script.rstrip("\n"), line, capture_name, exit_status, retry_seconds)

    def parse_hint(self, line: int, info: str, text: str) -> Hint:
        """Parse a hint: `hint`, then optionally the check it is for and the message that check must fail with."""
        try:
            words = shlex.split(info)[1:]
        except ValueError:
            words = []
            self._add_problems(line, ["the first line of the hint has an unclosed quotation mark"])
        options = dict(word.split("=", 1) for word in words if "=" in word)
        valid_options = ", ".join(_HINT_OPTIONS)
        problems = [f"'{word}' is not an option; valid options: {valid_options}" for word in words if "=" not in word]
        problems += _check_options(options, _HINT_OPTIONS)
        if not text:
            problems.append("the hint is empty")
        self._add_problems(line, problems)
        return Hint(text, line, options.get("check"), options.get("says"))

    def parse_picture(self, line: int, content: str) -> Picture | None:
        """Parse a picture of what runs on the nodes, written as YAML; return None if it is invalid."""
        data, problems = frontmatter.parse_yaml_and_collect_problems(
            self.path, content, line + 1, "picture.schema.json", "picture"
        )
        if problems:
            self.problems.extend(problems)
            return None
        services = tuple(_create_picture_service(service) for service in data["services"])
        networks = tuple(data.get("networks", ()))
        messages = [message for service in services for message in self._check_nodes(dict.fromkeys(service.tasks))]
        messages += [
            f"'{service.name}' uses the network '{network}', which 'networks' does not list"
            for service in services
            for network in service.networks
            if network not in networks
        ]
        self._add_problems(line, [f"picture: {message}" for message in messages])
        return Picture(services, networks, line, data.get("swarm", True))

    def _check_nodes(self, names: Collection[str]) -> list[str]:
        return [f"there is no node '{name}'" for name in names if self.node_names and name not in self.node_names]

    def _add_problems(self, line: int, messages: Sequence[str]) -> None:
        self.problems.extend(Problem(self.path, line, message) for message in messages)


def _check_options(options: Mapping[str, str], valid: Mapping[str, re.Pattern[str]]) -> list[str]:
    problems = []
    for key, value in options.items():
        if key not in valid:
            problems.append(f"unknown option '{key}'; valid options: {', '.join(valid)}")
        elif not valid[key].fullmatch(value):
            problems.append(f"'{value}' is not a valid value for '{key}'")
    return problems


def _create_picture_service(data: Mapping[str, Any]) -> PictureService:
    lists = {key: tuple(data.get(key, ())) for key in ("tasks", "networks", "ports", "volumes")}
    return PictureService(data["name"], **lists)
