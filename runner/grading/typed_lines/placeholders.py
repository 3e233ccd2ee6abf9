"""Placeholders for texts that are secret or differ from cluster to cluster: join tokens, unlock keys and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from runner.progress.shell_record import HistoryEntry

WORKER_TOKEN, MANAGER_TOKEN, UNLOCK_KEY = "WORKER_TOKEN", "MANAGER_TOKEN", "UNLOCK_KEY"
TOKEN_COMMANDS = {
    WORKER_TOKEN: "docker swarm join-token --quiet worker",
    MANAGER_TOKEN: "docker swarm join-token --quiet manager",
    UNLOCK_KEY: "docker swarm unlock-key --quiet",
}
_TOKEN = re.compile(r"SWM(?:TKN|KEY)-[0-9A-Za-z+/=-]+")
_ADDRESS_COMMAND = "hostname --ip-address"
_ENGINE_OPTION = re.compile(r"\bdocker (?:\S+ )*?((?:-H|--host)[ =]?\S+)")
_SETS_UNLOCK_KEY = re.compile(r"--autolock(?!=false)|\bunlock-key\b.*--rotate")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A placeholder.

    Attributes:
        name: Its name, as in `<WORKER_TOKEN>`.
        text: The text that was typed.
        command: The command that prints it.
        node: The node on which to capture it; empty for a manager of the swarm.
        engine: The option that names the engine, for an engine beside the node's own, such as `--host unix:///run/x.sock`.

    """

    name: str
    text: str
    command: str
    node: str = ""
    engine: str = ""

    @property
    def is_unlock_key(self) -> bool:
        """Whether it is the unlock key of a swarm."""
        return self.name.startswith(UNLOCK_KEY)


def find_swarm_tokens(entries: Iterable[HistoryEntry]) -> list[str]:
    """Return the join tokens and unlock keys in lines and in what was typed into them, each once."""
    tokens = (match for entry in entries for text in _list_texts(entry) for match in _TOKEN.findall(text))
    return list(dict.fromkeys(tokens))


def create_token_placeholders(entries: Sequence[HistoryEntry], current_outputs: Mapping[str, str]) -> list[Placeholder]:
    """Return the placeholders for the tokens in lines.

    Args:
        entries: The lines that were typed.
        current_outputs: What the commands in `TOKEN_COMMANDS` print now, by the names of the placeholders.

    """
    placeholders = []
    for token in find_swarm_tokens(entries):
        default = UNLOCK_KEY if token.startswith("SWMKEY") else _guess_kind_of_join_token(token, entries)
        name = next((name for name, output in current_outputs.items() if token in output), default)
        user = next(entry for entry in entries if any(token in text for text in _list_texts(entry)))
        placeholders.append(create_token_placeholder(name, token, user))
    return placeholders


def create_token_placeholder(name: str, text: str, entry: HistoryEntry) -> Placeholder:
    """Return the placeholder for a token that a line uses, of the engine that the line names or of the node's own.

    Args:
        name: One of the names in `TOKEN_COMMANDS`.
        text: The token; empty if it was typed without being shown.
        entry: The line.

    """
    engine = find_engine_option(entry.command_line)
    if not engine:
        return Placeholder(name, text, TOKEN_COMMANDS[name])
    command = TOKEN_COMMANDS[name].replace("docker", f"docker {engine}", 1)
    engine_name = re.sub(r"\W+", "_", PurePosixPath(engine).stem).strip("_").upper()
    return Placeholder(f"{name}_{engine_name}", text, command, entry.node, engine)


def find_engine_option(script: str) -> str:
    """Return the option with which a script names another engine than the node's own; empty if there is none."""
    option = _ENGINE_OPTION.search(script)
    return option[1] if option else ""


def _guess_kind_of_join_token(token: str, entries: Sequence[HistoryEntry]) -> str:
    """Return the placeholder for a token that was rotated since: the kind that the learner last asked for before."""
    lines = [entry.command_line for entry in sorted(entries, key=lambda entry: entry.started_at)]
    first_use = next((index for index, line in enumerate(lines) if token in line), len(lines))
    questions = [line for line in lines[:first_use] if "join-token" in line]
    return MANAGER_TOKEN if questions and "manager" in questions[-1] else WORKER_TOKEN


def create_address_placeholders(addresses: Mapping[str, str]) -> list[Placeholder]:
    """Return the placeholders for the addresses of nodes.

    Args:
        addresses: The address of each node, by its name.

    """
    return [
        Placeholder(f"{node.upper().replace('-', '_')}_ADDRESS", address, _ADDRESS_COMMAND, node)
        for node, address in addresses.items()
    ]


def fill_placeholder(script: str, placeholder: Placeholder) -> str:
    """Return a script with a placeholder in place of the text that was typed.

    An address is not replaced inside a longer one: 10.0.0.2 is neither in 10.0.0.20 nor in 110.0.0.2.
    """
    return re.sub(rf"(?<![\w.]){re.escape(placeholder.text)}(?!\w)", f"<{placeholder.name}>", script)


def sets_unlock_key(script: str, engine: str) -> bool:
    """Return whether a script gives the swarm of an engine a new unlock key.

    Args:
        script: The script.
        engine: The option that names the engine; empty for the node's own.

    """
    return bool(_SETS_UNLOCK_KEY.search(script)) and find_engine_option(script) == engine


def _list_texts(entry: HistoryEntry) -> Iterable[str]:
    return (entry.command_line, *entry.typed_input, entry.keys)
