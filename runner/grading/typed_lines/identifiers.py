"""Identifiers of containers, nodes and other objects, which differ on each cluster: names or placeholders for them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from runner.grading.typed_lines import shell_syntax
from runner.grading.typed_lines.invocation import parse_stage
from runner.progress.shell_record import HistoryEntry, NamedObject

# The first part of an identifier of the engine, and a complete one of the swarm.
_IDENTIFIER = re.compile(
    r"(?:(?<![\w./-])(?<!@sha256:)|(?<=/containers/)|(?<=/volumes/)|(?<=\bbr-))"
    r"(?:[0-9a-f]{12}(?:[0-9a-f]{52})?|[0-9a-z]{25})(?![\w.-])"
)
# The ports from which Linux chooses for `--publish-all`.
_CHOSEN_PORT = re.compile(r"(?<=[a-z0-9]:)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|60\d{3})(?!\d|:)")
_GENERATED_NAME = re.compile(r"[a-z]+_[a-z0-9]+")
_CREATES_CONTAINER = re.compile(r"\b(?:run|create|up)\b")
_SECONDS_OF_TOLERANCE = 1.5
# The length of the identifiers that `docker ps` prints.
_SHORT = 12
_SERVICE_LABEL, _TASK_LABEL = "com.docker.swarm.service.name", "com.docker.swarm.task.id"
_PROJECT_LABEL, _ONE_OFF_LABEL = "com.docker.compose.project", "com.docker.compose.oneoff"


@dataclass(frozen=True, slots=True)
class Substitution:
    """What takes the place of a word.

    Attributes:
        word: The word.
        text: A name, or empty if the word stays or a placeholder takes its place.
        key: The object's identity.
        noun: What the object is, as a part of a placeholder's name.
        command: The command that prints its identifier on another cluster; empty if there is none.
        creator: The index of the line that created it; None if the command must run just before it is used.
        retry_seconds: How long to repeat the command.

    """

    word: str
    text: str = ""
    key: str = ""
    noun: str = ""
    command: str = ""
    creator: int | None = None
    retry_seconds: int = 30


@dataclass(frozen=True, slots=True)
class IdentifierResolver:
    """Finds what takes the place of identifiers.

    Attributes:
        entries: The lines that are run again, in their order.
        service_names: The names of services by their identifiers, for those that tasks belong to.

    """

    entries: Sequence[HistoryEntry]
    service_names: Mapping[str, str]

    def resolve_objects(self, index: int) -> list[Substitution]:
        """Return what takes the place of the identifiers in a line.

        Args:
            index: The index of the line.

        """
        entry = self.entries[index]
        ranks: dict[str, int] = {}
        substitutions = []
        for item in {item.word: item for item in entry.objects}.values():
            substitution = self._resolve(item, index)
            command = substitution.command
            if "{rank}" in command:
                # Two tasks of a service in one line are two different ones.
                ranks[command] = ranks.get(command, 0) + 1
                substitution = replace(substitution, command=command.replace("{rank}", str(ranks[command])))
            substitutions.append(substitution)
        return [item for item in substitutions if item.text != item.word]

    def list_unknown_identifiers(self, index: int) -> list[str]:
        """Return the words of a line that look like identifiers but could not be resolved."""
        entry = self.entries[index]
        known = {item.word for item in entry.objects}
        matches = [match for word in _list_words(entry) for match in _IDENTIFIER.findall(word)]
        return [
            match
            for match in dict.fromkeys(matches)
            if match not in known and re.search("[0-9]", match) and re.search("[a-z]", match)
        ]

    def list_chosen_numbers(self, index: int) -> list[str]:
        """Return the process ids and ports in a line that the system chose, and will choose differently."""
        entry = self.entries[index]
        commands = shell_syntax.parse_line(entry.command_line).commands
        kills = [parse_stage(command, {}) for command in commands]
        processes = [text for kill in kills if kill.program == "kill" for text in kill.texts if text.isdigit()]
        ports = [match for word in _list_words(entry) for match in _CHOSEN_PORT.findall(word)]
        return [*processes, *(port for port in ports if not self._is_published(port))]

    def _is_published(self, port: str) -> bool:
        pattern = re.compile(rf"\b{port}:|published?={port}")
        return any(pattern.search(entry.command_line) for entry in self.entries)

    def resolve_identifier(self, item: Substitution, index: int) -> Substitution:
        """Return what takes the place of an object's identifier in a line where its name does not do."""
        if not item.text:
            # The folders of containers have complete identifiers.
            command = item.command.replace("--quiet", "--quiet --no-trunc") if len(item.word) > _SHORT else item.command
            return replace(item, key=f"{item.key} complete", command=command)
        details = next(named.details for named in self.entries[index].objects if named.word == item.word)
        template = "{{.Id}}" if "Id" in details else "{{.ID}}"
        command = f"docker inspect --format '{template}' {shlex.quote(item.text)}"
        return replace(item, text="", key=f"identifier of {item.text}", noun="ID", command=command)

    def _resolve(self, item: NamedObject, index: int) -> Substitution:
        details = item.details
        resolve: Callable[[NamedObject, int], Substitution] = self._resolve_named
        if "RepoTags" in details:
            resolve = _resolve_image
        elif "HostConfig" in details:
            resolve = self._resolve_container
        elif "Description" in details and "Status" in details:
            resolve = self._resolve_node
        elif "ServiceID" in details:
            resolve = self._resolve_task
        return resolve(item, index)

    def _resolve_named(self, item: NamedObject, _index: int) -> Substitution:
        name = _get(item.details, "Spec", "Name") or _get(item.details, "Name")
        return Substitution(item.word, str(name or ""))

    def _resolve_container(self, item: NamedObject, index: int) -> Substitution:
        details = item.details
        name = str(details.get("Name", "")).removeprefix("/")
        key = str(details.get("Id", item.word))
        labels = _get(details, "Config", "Labels") or {}
        if service := labels.get(_SERVICE_LABEL):
            label = shlex.quote(f"label={_SERVICE_LABEL}={service}")
            command = f"docker ps --quiet --filter {label} | sed -n {{rank}}p | grep ."
            return Substitution(item.word, "", key, "CONTAINER", command, retry_seconds=60)
        is_one_off = str(labels.get(_ONE_OFF_LABEL, "")).lower() == "true"
        is_composed = _PROJECT_LABEL in labels and not is_one_off
        if is_composed or self._is_given_name(name):
            return Substitution(item.word, name)
        image = str(_get(details, "Config", "Image") or "")
        selection = "--latest"
        if image and not re.fullmatch(r"(?:sha256:)?[0-9a-f]{6,64}", image):
            selection = f"--filter {shlex.quote(f'ancestor={image}')}"
        command = f"docker ps --all --quiet {selection} | head -1 | grep ."
        return Substitution(item.word, "", key, "CONTAINER", command, self._find_creator(details, index))

    def _resolve_node(self, item: NamedObject, index: int) -> Substitution:
        details = item.details
        hostname = str(_get(details, "Description", "Hostname") or "")
        state = "Down" if _get(details, "Status", "State") == "down" else "Ready"
        if not hostname or (state == "Ready" and not self._has_left_before(hostname, index)):
            return Substitution(item.word, hostname)
        # A node that left the swarm and joined again is there twice.
        condition = shlex.quote(f'$2 == "{hostname}" && $3 == "{state}" {{print $1; exit}}')
        table = "docker node ls --format '{{.ID}} {{.Hostname}} {{.Status}}'"
        key = str(details.get("ID", item.word))
        return Substitution(item.word, "", key, "NODE", f"{table} | awk {condition} | grep .", retry_seconds=90)

    def _resolve_task(self, item: NamedObject, _index: int) -> Substitution:
        service = self.service_names.get(str(item.details.get("ServiceID")))
        if service is None:
            return Substitution(item.word)
        slot = item.details.get("Slot")
        selection = f" --filter {shlex.quote(f'name={service}.{slot}')}" if slot else ""
        command = f"docker service ps --quiet{selection} {shlex.quote(service)} | head -1 | grep ."
        return Substitution(item.word, "", str(item.details.get("ID", item.word)), "TASK", command)

    def _is_given_name(self, name: str) -> bool:
        if not name:
            return False
        pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
        is_typed = any(
            pattern.search(entry.command_line) and ("--name" in entry.command_line or "rename" in entry.command_line)
            for entry in self.entries
        )
        return is_typed or not _GENERATED_NAME.fullmatch(name)

    def _has_left_before(self, hostname: str, index: int) -> bool:
        earlier = self.entries[:index]
        return any(entry.node == hostname and "swarm leave" in entry.command_line for entry in earlier)

    def _find_creator(self, details: Mapping[str, Any], index: int) -> int | None:
        created_at = _parse_time(str(details.get("Created", "")))
        if created_at is None:
            return None
        node = self.entries[index].node
        candidates = [
            number
            for number, entry in enumerate(self.entries[:index])
            if entry.node == node
            and entry.started_at <= created_at + _SECONDS_OF_TOLERANCE
            and (entry.ended_at is None or created_at <= entry.ended_at + _SECONDS_OF_TOLERANCE)
        ]
        creating = [number for number in candidates if _CREATES_CONTAINER.search(self.entries[number].command_line)]
        return max(creating or candidates, default=None)


def _list_words(entry: HistoryEntry) -> list[str]:
    commands = shell_syntax.parse_line(entry.command_line).commands
    return [word.text for command in commands for word in (*command.words, *command.assignments)]


def list_service_ids(entries: Iterable[HistoryEntry]) -> list[str]:
    """Return the identifiers of the services to which the tasks in lines belong."""
    details = (item.details for entry in entries for item in entry.objects)
    return list(dict.fromkeys(str(detail["ServiceID"]) for detail in details if "ServiceID" in detail))


def _resolve_image(item: NamedObject, _index: int) -> Substitution:
    tags = item.details.get("RepoTags") or item.details.get("RepoDigests") or []
    if tags:
        return Substitution(item.word, str(tags[0]))
    command = "docker images --quiet --filter dangling=true | head -1 | grep ."
    return Substitution(item.word, "", str(item.details.get("Id", item.word)), "IMAGE", command)


def _get(details: Mapping[str, Any], *keys: str) -> Any:
    value: Any = details
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _parse_time(text: str) -> float | None:
    """Return the seconds since 1970 of a time of the engine, which has nanoseconds."""
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
    except ValueError:
        return None
