"""The structure of a line in Bash: its pipelines, their stages, and the words of each stage.

The parser is tree-sitter. Its grammar attaches redirections and pipes that follow `a && b` to the entire list, so this
module flattens its tree and builds the pipelines again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_FLATTENED = frozenset({"program", "list", "pipeline", "redirected_statement", "negated_command"})
_SIMPLE = frozenset({"command", "declaration_command", "unset_command", "test_command"})
_ASSIGNMENTS = frozenset({"variable_assignment", "variable_assignments"})
_REDIRECTIONS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_SEPARATORS = frozenset({"&&", "||", ";", "&", "|", "|&", "\n", ";;"})
_PIPES = frozenset({"|", "|&"})
_EXPANSIONS = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion"}
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command.

    Attributes:
        start: Where it starts in the line.
        end: Where it ends.
        text: Its text without quotes; expansions such as `$NAME` are kept as they were typed.

    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Redirection:
    """A redirection of a command.

    Attributes:
        start: Where it starts in the line.
        end: Where it ends.
        operator: For example `>`, `>>`, `<` or `<<`.
        target: The file, or the delimiter of a here-document.

    """

    start: int
    end: int
    operator: str
    target: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One command of a pipeline: a simple command, or a compound command such as a loop.

    Attributes:
        start: Where it starts in the line.
        end: Where it ends, without its redirections.
        kind: The name of its node in tree-sitter's grammar.
        words: The words of a simple command; empty for a compound one.
        assignments: The assignments before a simple command.
        redirections: Its redirections.
        nested: The commands inside it: the body of a compound command, and command substitutions.

    """

    start: int
    end: int
    kind: str
    words: tuple[Word, ...] = ()
    assignments: tuple[Word, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    nested: tuple[Stage, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the words."""
        return tuple(word.text for word in self.words)

    @property
    def is_simple(self) -> bool:
        """Whether it is a simple command, or only assignments."""
        return self.kind in _SIMPLE | _ASSIGNMENTS

    @property
    def full_end(self) -> int:
        """Where it ends, with its redirections but without the bodies of here-documents."""
        ends = [redirection.end for redirection in self.redirections if not redirection.operator.startswith("<<")]
        return max([self.end, *ends])

    def list_commands(self) -> Iterator[Stage]:
        """Yield the simple commands in it: itself, and those that are nested in it."""
        if self.is_simple:
            yield self
        for stage in self.nested:
            yield from stage.list_commands()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages that are connected by pipes.

    Attributes:
        stages: The stages.
        separator: What follows: `&&`, `||`, `;`, `&`, a line feed, or nothing.

    """

    stages: tuple[Stage, ...]
    separator: str = ""

    @property
    def start(self) -> int:
        """Where it starts in the line."""
        return self.stages[0].start

    @property
    def end(self) -> int:
        """Where it ends, without the bodies of here-documents."""
        return self.stages[-1].full_end


@dataclass(frozen=True, slots=True)
class ShellLine:
    """A parsed line.

    Attributes:
        text: The line.
        pipelines: Its pipelines at the top level.
        is_valid: Whether the grammar knows all of it. If not, the pipelines are a guess.

    """

    text: str
    pipelines: tuple[Pipeline, ...]
    is_valid: bool = True

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of all pipelines at the top level."""
        return tuple(stage for pipeline in self.pipelines for stage in pipeline.stages)

    @property
    def commands(self) -> tuple[Stage, ...]:
        """All simple commands, including nested ones."""
        return tuple(command for stage in self.stages for command in stage.list_commands())

    @property
    def has_here_document(self) -> bool:
        """Whether a command reads its standard input from the line itself."""
        redirections = [redirection for stage in self.stages for redirection in _list_redirections(stage)]
        return any(redirection.operator.startswith("<<") for redirection in redirections)


@cache
def parse_line(text: str) -> ShellLine:
    """Parse a line, which may consist of several lines of text."""
    data = text.encode("utf-8", "replace")
    root = _create_parser().parse(data).root_node
    pipelines = _PipelineBuilder(data).build(root)
    # A redirection alone, as in `> file`, has no command.
    if root.has_error or (not pipelines and any(child.type != "comment" for child in root.children)):
        pipelines = pipelines or (Pipeline((Stage(0, len(text), "command", _split_words(text)),)),)
    return ShellLine(text, pipelines, not root.has_error)


@cache
def _create_parser() -> Parser:
    # Imported here, because only `labs submit` needs it, and the import takes time.
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


@dataclass(slots=True)
class _PipelineBuilder:
    """Builds pipelines from the nodes of a tree; offsets of nodes count bytes, and ours count characters."""

    data: bytes
    _pipelines: list[Pipeline] = field(default_factory=list)
    _stages: list[Stage] = field(default_factory=list)
    _last_end: int = 0

    def build(self, root: Node) -> tuple[Pipeline, ...]:
        self._add_node(root)
        self._end_pipeline("")
        return tuple(self._pipelines)

    def _add_node(self, node: Node) -> None:
        if node.type in _FLATTENED:
            for child in node.children:
                self._add_node(child)
        elif node.type in _REDIRECTIONS:
            self._add_redirections(node)
        elif node.type in _SEPARATORS:
            if node.type not in _PIPES:
                self._end_pipeline(node.type)
        elif node.is_named and node.type not in ("comment", "ERROR"):
            # Commands on separate lines have no node between them.
            if self._stages and b"\n" in self.data[self._last_end : node.start_byte]:
                self._end_pipeline("\n")
            self._stages.append(self._create_stage(node))
            self._last_end = node.end_byte

    def _end_pipeline(self, separator: str) -> None:
        if self._stages:
            self._pipelines.append(Pipeline(tuple(self._stages), separator))
        self._stages = []

    def _create_stage(self, node: Node) -> Stage:
        nested = tuple(stage for child in node.children for stage in self._find_nested_stages(child))
        start, end = self._to_char(node.start_byte), self._to_char(node.end_byte)
        if node.type not in _SIMPLE:
            assignment = (self._create_word(node),) if node.type in _ASSIGNMENTS else ()
            return Stage(start, end, node.type, (), assignment, (), nested)
        children = [child for child in node.children if child.type not in _REDIRECTIONS]
        is_declaration = node.type == "declaration_command"
        assignments = tuple(self._create_word(child) for child in children if child.type in _ASSIGNMENTS)
        words = tuple(
            self._create_word(child) for child in children if is_declaration or child.type not in _ASSIGNMENTS
        )
        redirections = tuple(self._create_redirection(child) for child in node.children if child.type in _REDIRECTIONS)
        return Stage(start, end, node.type, words, () if is_declaration else assignments, redirections, nested)

    def _find_nested_stages(self, node: Node) -> Iterator[Stage]:
        if node.type in _SIMPLE | _ASSIGNMENTS and not (node.type in _ASSIGNMENTS and not _has_substitution(node)):
            yield self._create_stage(node)
        elif node.type == "redirected_statement":
            builder = _PipelineBuilder(self.data)
            yield from (stage for pipeline in builder.build(node) for stage in pipeline.stages)
        else:
            for child in node.children:
                yield from self._find_nested_stages(child)

    def _add_redirections(self, node: Node) -> None:
        """Add a redirection to the last stage; in `a <<E | b`, the pipe is a part of the redirection's node."""
        if self._stages:
            last = self._stages.pop()
            redirections = (*last.redirections, self._create_redirection(node))
            self._stages.append(replace(last, redirections=redirections))
        if node.type == "heredoc_redirect":
            for child in node.children:
                if (
                    child.type in _FLATTENED | _SIMPLE | _REDIRECTIONS | _SEPARATORS
                    and child.type != "heredoc_redirect"
                ):
                    self._add_node(child)

    def _create_redirection(self, node: Node) -> Redirection:
        tokens = [child for child in node.children if child.type != "file_descriptor"]
        operator = tokens[0].type if tokens else ""
        target = self._create_word(tokens[1]).text if len(tokens) > 1 else ""
        end = tokens[1].end_byte if len(tokens) > 1 else node.end_byte
        return Redirection(self._to_char(node.start_byte), self._to_char(end), operator, target)

    def _create_word(self, node: Node) -> Word:
        raw = self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")
        text = raw if _has_expansion(node) else " ".join(part.text for part in _split_words(raw)) or raw
        if raw in ("''", '""'):
            text = ""
        return Word(self._to_char(node.start_byte), self._to_char(node.end_byte), text)

    def _to_char(self, offset: int) -> int:
        return offset if self.data.isascii() else len(self.data[:offset].decode("utf-8", "replace"))


def _has_expansion(node: Node) -> bool:
    return node.type in _EXPANSIONS or any(_has_expansion(child) for child in node.children)


def _has_substitution(node: Node) -> bool:
    return node.type == "command_substitution" or any(_has_substitution(child) for child in node.children)


def _list_redirections(stage: Stage) -> Iterable[Redirection]:
    yield from stage.redirections
    for nested in stage.nested:
        yield from _list_redirections(nested)


def _split_words(text: str) -> tuple[Word, ...]:
    """Return the words of a text without their positions."""
    try:
        texts = shlex.split(text)
    except ValueError:
        texts = text.split()
    return tuple(Word(0, 0, word) for word in texts)
