"""A Markdown file of a lab: front matter, then sections of prose, commands, hints and pictures."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from runner.lessons import code_blocks, frontmatter, learner_values, markdown_parser
from runner.lessons.block_parser import BlockParser
from runner.lessons.link_definitions import LinkDefinitions
from runner.lessons.model import Command, LessonPart, Prose
from runner.lessons.problems import BrokenLessonError, Problem

_SPECIAL_FENCES = [["sh"], ["output"], ["picture"]]
# Ignores findings of `labs lint`; readers do not see it.
IGNORE_COMMENT = re.compile(r"<!--\s*labs:\s*ignore\b(?P<words>[^\n]*?)-->")


@dataclass(slots=True)
class PageSection:
    """A second-level heading and what follows it; the first section of a page is what comes before all headings."""

    title: str
    line: int
    parts: list[LessonPart] = field(default_factory=list)

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands in the section."""
        return tuple(part for part in self.parts if isinstance(part, Command))


@dataclass(frozen=True, slots=True)
class MarkdownPage:
    """A parsed Markdown file; parts with problems may be missing.

    Attributes:
        path: The file.
        lines: Its lines.
        tokens: The tokens of the Markdown parser, without the front matter.
        front_matter: The data in its front matter.
        has_valid_front_matter: Whether the front matter has no problems.
        node_names: The names of the nodes that its commands may run on.
        sections: The content after the front matter.
        problems: All problems found so far; functions that validate the file further append to the list.

    """

    path: Path
    lines: Sequence[str]
    tokens: Sequence[Token]
    front_matter: dict[str, Any]
    has_valid_front_matter: bool
    node_names: Collection[str]
    sections: Sequence[PageSection]
    problems: list[Problem]

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands, in order."""
        return tuple(command for section in self.sections for command in section.commands)

    @property
    def front_matter_lines(self) -> Sequence[str]:
        """The lines of the front matter with both lines of `---`; empty if there is no front matter."""
        starts = [number for number, line in enumerate(self.lines) if line.rstrip() == "---"]
        return self.lines[: starts[1] + 1] if len(starts) > 1 and starts[0] == 0 else ()

    def find_front_matter_line_number(self, key: str) -> int:
        """Return the line of a key in the front matter; the first line if the key is missing."""
        lines = enumerate(self.lines, 1)
        return next((number for number, line in lines if line.startswith(f"{key}:")), 1)

    def add_problem(self, line: int, message: str) -> None:
        """Add a problem on a line of this file."""
        self.problems.append(Problem(self.path, line, message))


def read_page(
    path: Path,
    lab_name: str,
    schema_file: str = "",
    node_names: Collection[str] | None = None,
    values: Mapping[str, str] | None = None,
) -> MarkdownPage:
    """Read and parse a file.

    Args:
        path: The file.
        lab_name: The lab's name, for error messages.
        schema_file: The schema of its front matter; empty if it needs no front matter.
        node_names: The names of the lab's nodes; by default, those in the front matter of the file.
        values: The values by name; each replaces its name in angle brackets in the text.

    Raises:
        BrokenLessonError: The file does not exist or is not text.

    """
    text = learner_values.fill_placeholders(_read_text(path, lab_name), values or {})
    environment: dict[str, Any] = {}
    tokens = _get_parser().parse(text, environment)
    # Not splitlines: the parser counts only line feeds, and the line numbers must match.
    lines = text.removesuffix("\n").split("\n")
    has_front_matter = bool(tokens) and tokens[0].type == "front_matter"
    yaml, first_line = (tokens[0].content, 2) if has_front_matter else ("", 1)
    front_matter: dict[str, Any] = {}
    problems: list[Problem] = []
    if schema_file:
        front_matter, problems = frontmatter.parse_yaml_and_collect_problems(path, yaml, first_line, schema_file)
    is_valid = not problems
    names = _list_node_names(front_matter) if node_names is None else node_names
    content = tokens[has_front_matter:]
    blocks = BlockParser(path, names, values or {}, problems)
    definitions = LinkDefinitions(environment.get("references", {}))
    sections = _SectionSplitter(path, lines, blocks, definitions).split_sections(content)
    problems += (Problem(path, line, message) for line, message in code_blocks.find_unclosed_blocks(content, lines))
    return MarkdownPage(path, lines, content, front_matter, is_valid, names, sections, problems)


@cache
def _get_parser() -> MarkdownIt:
    return markdown_parser.create_parser().use(front_matter_plugin).use(container_plugin, "hint")


def _read_text(path: Path, lab_name: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(path, 1, "the file is missing")
    except (UnicodeDecodeError, OSError) as error:
        problem = Problem(path, 1, f"cannot read the file: {error}")
    raise BrokenLessonError(lab_name, [problem])


def _list_node_names(front_matter: dict[str, Any]) -> set[str]:
    topology = front_matter.get("topology")
    nodes = topology.get("nodes") if isinstance(topology, dict) else None
    return {str(node.get("name")) for node in nodes if isinstance(node, dict)} if isinstance(nodes, list) else set()


@dataclass(frozen=True, slots=True)
class _SectionSplitter:
    path: Path
    lines: Sequence[str]
    blocks: BlockParser
    definitions: LinkDefinitions

    def split_sections(self, tokens: Sequence[Token]) -> list[PageSection]:
        sections = [PageSection("", 1)]
        prose_start: int | None = None
        for index, token in enumerate(tokens):
            if token.level or token.map is None:
                self._reject_nested_command(token)
                continue
            start, _ = token.map
            is_heading = token.type == "heading_open" and token.tag == "h2"
            if token.type == "html_block" and prose_start is None:
                # Comments alone are no prose.
                continue
            if not (is_heading or _is_special_block(token)):
                prose_start = start if prose_start is None else prose_start
                continue
            self._add_prose(sections[-1], prose_start, start)
            prose_start = None
            if is_heading:
                sections.append(PageSection(markdown_parser.extract_line(tokens[index + 1]), start + 1))
            else:
                self._add_block(sections[-1], token)
        self._add_prose(sections[-1], prose_start, len(self.lines))
        return sections

    def _add_prose(self, section: PageSection, start: int | None, end: int) -> None:
        if start is not None:
            section.parts.append(Prose(self._extract_markdown(start, end), start + 1))

    def _extract_markdown(self, start: int, end: int) -> str:
        """Return the Markdown on some lines, which is shown without the rest of the file."""
        # Not stripped on the left, where spaces may begin a block of code.
        text = "\n".join(self.lines[start:end]).rstrip()
        return self.definitions.append_used(text, start, end)

    def _reject_nested_command(self, token: Token) -> None:
        words = token.info.split()
        # A nested block without a node is only an illustration.
        if token.type == "fence" and token.map and words[:1] == ["sh"] and len(words) > 1:
            message = "a shell block inside a list, quote or hint never runs; move it to the left margin"
            self._add_problem(token.map[0] + 1, message)

    def _add_block(self, section: PageSection, token: Token) -> None:
        start, end = token.map or (0, 0)
        line = start + 1
        block_type, *words = token.info.split()
        if token.type == "container_hint_open":
            text = self._extract_markdown(line, end)
            is_empty = "<!--" in text and not markdown_parser.parse_displayed_tokens(text)
            section.parts.append(self.blocks.parse_hint(line, token.info, "" if is_empty else text))
        elif block_type == "output":
            self._add_expected_output(section, line, token.content)
        elif block_type == "sh":
            section.parts.append(self.blocks.parse_command(line, words, token.content))
        elif picture := self.blocks.parse_picture(line, token.content):
            section.parts.append(picture)

    def _add_expected_output(self, section: PageSection, line: int, content: str) -> None:
        command = section.parts[-1] if section.parts else None
        if not isinstance(command, Command):
            self._add_problem(line, "an output block must directly follow its shell block")
            return
        if command.expected_output:
            self._add_problem(line, "the shell block already has an output block; put all lines into one")
            return
        expected_lines = tuple(text.strip() for text in content.splitlines() if text.strip())
        section.parts[-1] = replace(command, expected_output=expected_lines)

    def _add_problem(self, line: int, message: str) -> None:
        self.blocks.problems.append(Problem(self.path, line, message))


def _is_special_block(token: Token) -> bool:
    is_special_fence = token.type == "fence" and token.info.split()[:1] in _SPECIAL_FENCES
    return is_special_fence or token.type == "container_hint_open"
