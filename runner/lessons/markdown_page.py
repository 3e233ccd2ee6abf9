"""A Markdown file of a lab: front matter, then sections of prose, commands, hints and pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from runner.lessons import frontmatter, learner_values
from runner.lessons.block_parser import BlockParser
from runner.lessons.model import Command, LessonPart, Prose
from runner.lessons.problems import BrokenLessonError, Problem

_BLOCKS = [["sh"], ["output"], ["picture"]]


@dataclass(slots=True)
class Section:
    """A second-level heading and what follows it; the first section of a page is what stands before them."""

    title: str
    line: int
    parts: list[LessonPart] = field(default_factory=list)

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands in it."""
        return tuple(part for part in self.parts if isinstance(part, Command))


@dataclass(frozen=True, slots=True)
class MarkdownPage:
    """A file, read as far as it can be read.

    Attributes:
        path: The file.
        lines: Its lines.
        tokens: What the Markdown parser made of them, the front matter left out.
        data: Its front matter.
        sound: Whether the front matter is as it must be.
        nodes: The names of the nodes that its commands may name.
        sections: What follows it.
        problems: All that is wrong; whoever knows more of the file adds to it.

    """

    path: Path
    lines: Sequence[str]
    tokens: Sequence[Token]
    front_matter: dict[str, Any]
    has_valid_front_matter: bool
    node_names: Collection[str]
    sections: Sequence[Section]
    problems: list[Problem]

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands, in their order."""
        return tuple(command for section in self.sections for command in section.commands)

    def find_key_line(self, key: str) -> int:
        """Return the line on which a key of the front matter stands; the first one where it is not told."""
        lines = enumerate(self.lines, 1)
        return next((number for number, line in lines if line.startswith(f"{key}:")), 1)

    def add_problem(self, line: int, message: str) -> None:
        """Add to what is wrong."""
        self.problems.append(Problem(self.path, line, message))


def read_page(
    path: Path,
    lab: str,
    schema: str = "",
    nodes: Collection[str] | None = None,
    given: Mapping[str, str] | None = None,
) -> MarkdownPage:
    """Read a file.

    Args:
        path: The file.
        lab: The lab's name, for messages.
        schema: The schema of its front matter; none where it needs no front matter.
        nodes: The names of the lab's nodes; those in its own front matter if None.
        given: The values that its text is filled in with, by their names.

    Raises:
        BrokenLessonError: There is no such file, or no text in it.

    """
    text = learner_values.fill_placeholders(_text(path, lab), given or {})
    markdown = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).use(container_plugin, "hint")
    tokens = markdown.parse(text)
    # Not splitlines: the parser counts lines by their line feeds alone, and so must we.
    lines = text.removesuffix("\n").split("\n")
    has_front = bool(tokens) and tokens[0].type == "front_matter"
    yaml, yaml_line = (tokens[0].content, 2) if has_front else ("", 1)
    data, problems = frontmatter.parse_validated_yaml(path, yaml, yaml_line, schema) if schema else ({}, [])
    sound = not problems
    known = _node_names(data) if nodes is None else nodes
    blocks = BlockParser(path, known, given or {}, problems)
    found = _SectionSplitter(path, lines, blocks).sections(tokens[has_front:])
    return MarkdownPage(path, lines, tokens[has_front:], data, sound, known, found, problems)


def _text(path: Path, lab: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(path, 1, "the file is missing")
    except (UnicodeDecodeError, OSError) as error:
        problem = Problem(path, 1, f"it cannot be read: {error}")
    raise BrokenLessonError(lab, [problem])


def _node_names(data: dict[str, Any]) -> set[str]:
    topology = data.get("topology")
    nodes = topology.get("nodes") if isinstance(topology, dict) else None
    return {str(node.get("name")) for node in nodes if isinstance(node, dict)} if isinstance(nodes, list) else set()


@dataclass(frozen=True, slots=True)
class _SectionSplitter:
    path: Path
    lines: Sequence[str]
    blocks: BlockParser

    def sections(self, tokens: Sequence[Token]) -> list[Section]:
        found = [Section("", 1)]
        prose_from: int | None = None
        for index, token in enumerate(tokens):
            if token.level or token.map is None:
                self._refuse_nested(token)
                continue
            start, _ = token.map
            is_heading = token.type == "heading_open" and token.tag == "h2"
            if not (is_heading or _is_block(token)):
                prose_from = start if prose_from is None else prose_from
                continue
            self._close_prose(found[-1], prose_from, start)
            prose_from = None
            if is_heading:
                found.append(Section(tokens[index + 1].content, start + 1))
            else:
                self._add(found[-1], token)
        self._close_prose(found[-1], prose_from, len(self.lines))
        return found

    def _close_prose(self, section: Section, start: int | None, end: int) -> None:
        text = "\n".join(self.lines[start:end]).strip() if start is not None else ""
        if text and start is not None:
            section.parts.append(Prose(text, start + 1))

    def _refuse_nested(self, token: Token) -> None:
        if token.type == "fence" and token.map and token.info.split()[:1] == ["sh"]:
            message = "a shell block inside a list, quote or hint is never played; move it to the left margin"
            if len(token.info.split()) > 1:
                self._complain(token.map[0] + 1, message)

    def _add(self, section: Section, token: Token) -> None:
        start, end = token.map or (0, 0)
        line = start + 1
        kind, *words = token.info.split()
        if token.type == "container_hint_open":
            section.parts.append(self.blocks.parse_hint(line, token.info, "\n".join(self.lines[line:end]).strip()))
        elif kind == "output":
            self._expect(section, line, token.content)
        elif kind == "sh":
            section.parts.append(self.blocks.parse_command(line, words, token.content))
        elif picture := self.blocks.parse_picture(line, token.content):
            section.parts.append(picture)

    def _expect(self, section: Section, line: int, content: str) -> None:
        last = section.parts[-1] if section.parts else None
        if not isinstance(last, Command):
            self._complain(line, "an output block follows the shell block it belongs to")
            return
        if last.expected_output:
            self._complain(line, "the shell block has an output block already; one holds all of its lines")
            return
        wanted = tuple(text.strip() for text in content.splitlines() if text.strip())
        section.parts[-1] = replace(last, expected_output=wanted)

    def _complain(self, line: int, message: str) -> None:
        self.blocks.problems.append(Problem(self.path, line, message))


def _is_block(token: Token) -> bool:
    return token.type == "container_hint_open" or (token.type == "fence" and token.info.split()[:1] in _BLOCKS)
