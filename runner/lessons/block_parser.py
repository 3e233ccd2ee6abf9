"""The blocks that a lesson is more than prose by: commands, hints and pictures."""

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
    """Reads the blocks of one file.

    Attributes:
        path: The file.
        nodes: The nodes that the lab has; none where that is not known, of which its front matter tells.
        values: The names of the values that the lab draws.
        problems: Where to add what is wrong.

    """

    path: Path
    node_names: Collection[str]
    value_names: Collection[str]
    problems: list[Problem]

    def parse_command(self, line: int, words: Sequence[str], script: str) -> Command:
        """Read a shell block: the nodes it is typed on, and what must come of it."""
        nodes = tuple(word for word in words if "=" not in word)
        options = dict(word.split("=", 1) for word in words if "=" in word)
        problems = self._unknown_nodes(nodes)
        if not nodes:
            problems.append("a shell block names its node: ```sh node1")
        problems += _misfits(options, _COMMAND_OPTIONS)
        if options.get("capture") in self.value_names:
            problems.append(f"<{options['capture']}> is a value that the lab draws; capture under another name")
        self._add(line, problems)
        if problems:
            return Command(nodes, script, line, options.get("capture"))
        exit_status, retry = int(options.get("exit", 0)), float(options.get("retry", 0))
        return Command(nodes, script.rstrip("\n"), line, options.get("capture"), exit_status, retry)

    def parse_hint(self, line: int, info: str, text: str) -> Hint:
        """Read one tier of help: `hint`, then the check it is for and what that must say, if it is for one alone."""
        try:
            words = shlex.split(info)[1:]
        except ValueError:
            words = []
            self._add(line, ["a quotation mark in the hint's first line is never closed"])
        options = dict(word.split("=", 1) for word in words if "=" in word)
        problems = [f"'{word}' is no option; known are {', '.join(_HINT_OPTIONS)}" for word in words if "=" not in word]
        problems += _misfits(options, _HINT_OPTIONS)
        if not text:
            problems.append("the hint is empty")
        self._add(line, problems)
        return Hint(text, line, options.get("check"), options.get("says"))

    def parse_picture(self, line: int, content: str) -> Picture | None:
        """Read what stands on the nodes, as YAML."""
        data, problems = frontmatter.parse_validated_yaml(
            self.path, content, line + 1, "picture.schema.json", "picture"
        )
        if problems:
            self.problems.extend(problems)
            return None
        services = tuple(_service(one) for one in data["services"])
        networks = tuple(data.get("networks", ()))
        wrong = [message for one in services for message in self._unknown_nodes(dict.fromkeys(one.tasks))]
        wrong += [
            f"'{one.name}' is on the network '{network}', which 'networks' does not list"
            for one in services
            for network in one.networks
            if network not in networks
        ]
        self._add(line, [f"picture: {message}" for message in wrong])
        return Picture(services, networks, line, data.get("swarm", True))

    def _unknown_nodes(self, named: Collection[str]) -> list[str]:
        return [f"there is no node '{node}'" for node in named if self.node_names and node not in self.node_names]

    def _add(self, line: int, messages: Sequence[str]) -> None:
        self.problems.extend(Problem(self.path, line, message) for message in messages)


def _misfits(options: Mapping[str, str], known: Mapping[str, re.Pattern[str]]) -> list[str]:
    problems = []
    for key, value in options.items():
        if key not in known:
            problems.append(f"unknown option '{key}'; known are {', '.join(known)}")
        elif not known[key].fullmatch(value):
            problems.append(f"'{value}' is no value for '{key}'")
    return problems


def _service(data: Mapping[str, Any]) -> PictureService:
    several = {key: tuple(data.get(key, ())) for key in ("tasks", "networks", "ports", "volumes")}
    return PictureService(data["name"], **several)
