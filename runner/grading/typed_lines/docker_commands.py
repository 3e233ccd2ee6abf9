"""The options and operands of Docker's command line, as far as they decide how a command can be run again."""

from __future__ import annotations

from dataclasses import dataclass

from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines.invocation import Invocation
from runner.grading.typed_lines.shell_syntax import Word

_IMAGE_VERBS = {"rm": "rmi", "remove": "rmi", "ls": "images", "list": "images"}
_SYNONYMS = {"list": "ls", "remove": "rm"}
# Letters of short options that take no value, where it matters; all others take one.
_BOOLEAN_LETTERS = {
    "run": "ditPq",
    "create": "itPq",
    "exec": "dit",
    "compose run": "ditTPq",
    "compose exec": "ditT",
    "start": "ai",
}
_DEFAULT_BOOLEAN_LETTERS = "aqdfitlsvVDT"
# They have a value where `run` and `create` are concerned.
_VALUE_OPTIONS_OF_RUN = frozenset({"--attach"})


@dataclass(frozen=True, slots=True)
class DockerCommand:
    """A command of Docker's command line.

    Attributes:
        verb: What it does, for example `run`, `service create` or `compose up`.
        verb_word: The last word of the verb.
        options: The words between the verb and the operands that are options, without the values of options.
        operands: The other words after the verb: the image, container or service, and the command in it.

    """

    verb: str
    verb_word: Word
    options: tuple[Word, ...]
    operands: tuple[Word, ...]

    def has_option(self, *names: str) -> bool:
        """Return whether it has one of these options, for example `-d` or `--detach`, and not with the value false."""
        return any(self._matches(word.text, names) for word in self.options)

    def list_letters(self, text: str) -> str:
        """Return the letters in a word of short options that take no value; empty for a long option."""
        if not text.startswith("-") or text.startswith("--"):
            return ""
        known = _BOOLEAN_LETTERS.get(self.verb, _DEFAULT_BOOLEAN_LETTERS)
        letters = text[1:]
        end = next((index for index, letter in enumerate(letters) if letter not in known), len(letters))
        return letters[:end]

    @property
    def is_attached(self) -> bool:
        """Whether it is connected to a container's input or output until the container or the user ends it."""
        if self.verb in ("run", "exec", "compose run", "compose exec", "compose up"):
            # `compose up --wait` starts in the background, too.
            return not self.has_option("-d", "--detach", "--wait")
        if self.verb == "start":
            return self.has_option("-a", "-i", "--attach", "--interactive")
        return self.verb in ("attach", "compose attach", "compose watch") or (
            self.verb == "compose up" and self.has_option("--watch", "-w")
        )

    def _matches(self, text: str, names: tuple[str, ...]) -> bool:
        name, _, value = text.partition("=")
        if text.startswith("--"):
            return name in names and value not in ("false", "0")
        return any(len(name) == 2 and name[1] in self.list_letters(text) for name in names)


def parse_docker_command(invocation: Invocation) -> DockerCommand | None:
    """Return the command of Docker that a program is; None if it is another program, or has no subcommand."""
    words = list(invocation.arguments)
    if invocation.program == "docker-compose":
        verb = ["compose"]
    elif invocation.program in ("docker", "podman"):
        verb = []
    else:
        return None
    verb_word: Word | None = None
    while words:
        word = words.pop(0)
        if word.text.startswith("-"):
            if word.text in tables.DOCKER_GLOBAL_VALUES and words:
                words.pop(0)
            continue
        verb.append(_SYNONYMS.get(word.text, word.text))
        verb_word = word
        if not (len(verb) == 1 and verb[0] in tables.DOCKER_GROUPS):
            break
    if verb_word is None or (len(verb) == 1 and verb[0] in tables.DOCKER_GROUPS):
        return None
    name = _normalize_verb(verb)
    options, operands = _split_operands(name, words)
    return DockerCommand(name, verb_word, options, operands)


def _normalize_verb(verb: list[str]) -> str:
    if verb[0] == "container":
        return "ps" if verb[1] == "ls" else verb[1]
    if verb[0] == "image":
        return _IMAGE_VERBS.get(verb[1], verb[1])
    if verb[0] == "builder" or verb[:2] == ["buildx", "build"]:
        return verb[1]
    return " ".join(verb)


def _split_operands(verb: str, words: list[Word]) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    options: list[Word] = []
    operands: list[Word] = []
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if word.text == "--":
            operands += words[index:]
            break
        if not word.text.startswith("-") or word.text == "-":
            operands.append(word)
            if verb in tables.DOCKER_WITH_COMMAND:
                operands += words[index:]
                break
            continue
        options.append(word)
        index += _takes_next_word(verb, word.text)
    return tuple(options), tuple(operands)


def _takes_next_word(verb: str, text: str) -> bool:
    if "=" in text and text.startswith("--"):
        return False
    if text.startswith("--"):
        return text not in tables.DOCKER_BOOLEANS or (verb in ("run", "create") and text in _VALUE_OPTIONS_OF_RUN)
    known = _BOOLEAN_LETTERS.get(verb, _DEFAULT_BOOLEAN_LETTERS)
    # The first letter that takes a value takes the rest of the word, or the next word.
    return text[-1] not in known and all(letter in known for letter in text[1:-1])
