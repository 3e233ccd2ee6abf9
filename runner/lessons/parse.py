"""Reads a lesson: markdown-it's tokens become steps, prose, hints and commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from runner.lessons import frontmatter
from runner.lessons.blocks import Blocks
from runner.lessons.frontmatter import Problem
from runner.lessons.model import Command, Lab, Lesson, NearMiss, NodeSpec, Part, Prose, Role, Step, Topology

_HEADING = re.compile(r"^(?P<title>.+?)\s+\{#(?P<id>[a-z][a-z0-9-]*)\}$")


def lab(folder: Path) -> Lab:
    """Read the lab in a folder.

    Raises:
        BrokenLabError: With every problem of its `lesson.md`, as `file:line: message`.

    """
    path = folder / "lesson.md"
    source = _Source.read(path, folder.name)
    data, problems = frontmatter.read(path, source.yaml, source.yaml_line, "lesson.schema.json")
    names = _node_names(data)
    body = _Body(path, source.lines, Blocks(path, names, problems))
    sections = body.sections(source.tokens)
    steps = [body.step(section) for section in sections[1:]]
    if not steps:
        problems.append(
            Problem(path, len(source.lines), "a lesson needs at least one step: a heading '## Title {#id}'")
        )
    problems.extend(_repeated(path, steps))
    problems.extend(_unfilled(path, steps))
    if not (folder / "setup.sh").is_file():
        problems.append(Problem(folder / "setup.sh", 1, "the file is missing; every lab sets its scene there"))
    if problems:
        raise frontmatter.broken(folder.name, problems)
    return Lab(folder.name, folder, _lesson(data, sections[0].parts, steps))


def near_miss(path: Path, lab: Lab) -> NearMiss:
    """Read one file of a lab's `wrong/`: front matter, then the headings `## Wrong` and `## Cure`.

    Raises:
        BrokenLabError: With every problem of the file, as `file:line: message`.

    """
    source = _Source.read(path, lab.name)
    data, problems = frontmatter.read(path, source.yaml, source.yaml_line, "wrong.schema.json")
    body = _Body(path, source.lines, Blocks(path, set(lab.lesson.topology.names), problems))
    found = {section.title: section for section in body.sections(source.tokens)}
    for title in ("Wrong", "Cure"):
        if title not in found or not _commands(found[title].parts):
            problems.append(Problem(path, source.yaml_line, f"the heading '## {title}' with its commands is missing"))
    if data.get("step") and lab.lesson.step(data["step"]) is None:
        problems.append(Problem(path, source.yaml_line, f"the lesson has no step '{data['step']}'"))
    if problems:
        raise frontmatter.broken(lab.name, problems)
    wrong, cure = (_commands(found[title].parts) for title in ("Wrong", "Cure"))
    return NearMiss(path, data["step"], data["played"] == "after", data["says"], wrong, cure)


def step_commands(lab: Lab, step: Step) -> tuple[Command, ...]:
    """Return what leads through a step: its own commands, or those of `solution/STEP.md` where it tells none.

    Raises:
        BrokenLabError: With every problem of the solution's file, as `file:line: message`.

    """
    return step.commands or _commands(solution(lab, step))


def solution(lab: Lab, step: Step) -> tuple[Part, ...]:
    """Return how a step is done: its own commands, or what `solution/STEP.md` says where it tells none.

    Raises:
        BrokenLabError: With every problem of the solution's file, as `file:line: message`.

    """
    path = lab.solution(step.id)
    if step.commands or not path.exists():
        return step.commands
    source = _Source.read(path, lab.name)
    problems: list[Problem] = []
    body = _Body(path, source.lines, Blocks(path, set(lab.lesson.topology.names), problems))
    sections = body.sections(source.tokens)
    if problems:
        raise frontmatter.broken(lab.name, problems)
    # Its headings are for whoever reads the file.
    return tuple(part for section in sections for part in section.parts)


@dataclass(frozen=True, slots=True)
class _Source:
    lines: list[str]
    tokens: list[Token]
    yaml: str
    yaml_line: int

    @classmethod
    def read(cls, path: Path, lab: str) -> _Source:
        try:
            text = path.read_text("utf-8-sig")
        except FileNotFoundError:
            raise frontmatter.broken(lab, [Problem(path, 1, "the file is missing")]) from None
        except (UnicodeDecodeError, OSError) as error:
            raise frontmatter.broken(lab, [Problem(path, 1, f"it cannot be read: {error}")]) from None
        markdown = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).use(container_plugin, "hint")
        tokens = markdown.parse(text)
        # Not splitlines: the parser counts lines by their line feeds alone, and so must we.
        lines = text.removesuffix("\n").split("\n")
        if tokens and tokens[0].type == "front_matter":
            return cls(lines, tokens[1:], tokens[0].content, 2)
        return cls(lines, tokens, "", 1)


@dataclass(slots=True)
class _Section:
    title: str
    line: int
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Body:
    path: Path
    lines: list[str]
    blocks: Blocks

    @property
    def problems(self) -> list[Problem]:
        return self.blocks.problems

    def sections(self, tokens: Sequence[Token]) -> list[_Section]:
        """Cut the tokens at the second-level headings; the first section is what stands before them."""
        found = [_Section("", 1)]
        prose_from: int | None = None
        end = 0
        for index, token in enumerate(tokens):
            if token.level or token.map is None:
                self._refuse_nested(token)
                continue
            start, end = token.map
            is_heading = token.type == "heading_open" and token.tag == "h2"
            if not (is_heading or _is_block(token)):
                prose_from = start if prose_from is None else prose_from
                continue
            self._close_prose(found[-1], prose_from, start)
            prose_from = None
            if is_heading:
                found.append(_Section(tokens[index + 1].content, start + 1))
            else:
                self._add(found[-1], token)
        self._close_prose(found[-1], prose_from, max(end, len(self.lines)))
        return found

    def step(self, section: _Section) -> Step:
        match = _HEADING.match(section.title)
        if match is None:
            self.problems.append(
                Problem(self.path, section.line, "a step's heading ends with its id: '## Title {#id}'")
            )
            return Step(f"line-{section.line}", section.title, section.line, tuple(section.parts))
        return Step(match["id"], match["title"], section.line, tuple(section.parts))

    def _close_prose(self, section: _Section, start: int | None, end: int) -> None:
        text = "\n".join(self.lines[start:end]).strip() if start is not None else ""
        if text:
            section.parts.append(Prose(text))

    def _refuse_nested(self, token: Token) -> None:
        if token.type == "fence" and token.map and token.info.split()[:1] == ["sh"]:
            message = "a shell block inside a list, quote or hint is never played; move it to the left margin"
            if len(token.info.split()) > 1:
                self.problems.append(Problem(self.path, token.map[0] + 1, message))

    def _add(self, section: _Section, token: Token) -> None:
        start, end = token.map or (0, 0)
        line = start + 1
        kind, *words = token.info.split()
        if token.type == "container_hint_open":
            section.parts.append(self.blocks.hint(line, token.info, "\n".join(self.lines[line:end]).strip()))
        elif kind == "output":
            self._expect(section, line, token.content)
        elif kind == "sh":
            section.parts.append(self.blocks.command(line, words, token.content))
        elif picture := self.blocks.picture(line, token.content):
            section.parts.append(picture)

    def _expect(self, section: _Section, line: int, content: str) -> None:
        last = section.parts[-1] if section.parts else None
        if not isinstance(last, Command):
            self.problems.append(Problem(self.path, line, "an output block follows the shell block it belongs to"))
            return
        wanted = tuple(text.strip() for text in content.splitlines() if text.strip())
        section.parts[-1] = replace(last, output=wanted)


def _is_block(token: Token) -> bool:
    if token.type == "container_hint_open":
        return True
    return token.type == "fence" and token.info.split()[:1] in (["sh"], ["output"], ["picture"])


def _commands(parts: Iterable[Part]) -> tuple[Command, ...]:
    return tuple(part for part in parts if isinstance(part, Command))


def _node_names(data: dict[str, Any]) -> set[str]:
    topology = data.get("topology")
    nodes = topology.get("nodes") if isinstance(topology, dict) else None
    return {str(node.get("name")) for node in nodes if isinstance(node, dict)} if isinstance(nodes, list) else set()


def _repeated(path: Path, steps: Iterable[Step]) -> list[Problem]:
    first: dict[str, int] = {}
    problems: list[Problem] = []
    for step in steps:
        if step.id in first:
            problems.append(Problem(path, step.line, f"the step id '{step.id}' is taken on line {first[step.id]}"))
        first.setdefault(step.id, step.line)
    return problems


def _unfilled(path: Path, steps: Iterable[Step]) -> list[Problem]:
    captured: set[str] = set()
    problems: list[Problem] = []
    for command in (command for step in steps for command in step.commands):
        problems.extend(
            Problem(path, command.line, f"nothing before it captures <{name}>")
            for name in sorted(command.placeholders - captured)
        )
        if command.capture:
            captured.add(command.capture)
    return problems


def _lesson(data: dict[str, Any], intro: Iterable[Part], steps: Iterable[Step]) -> Lesson:
    nodes = tuple(NodeSpec(**{**node, "role": Role(node["role"])}) for node in data["topology"]["nodes"])
    return Lesson(
        title=data["title"],
        summary=data["summary"],
        level=data["level"],
        minutes=data["minutes"],
        topology=Topology(nodes),
        images=tuple(data["images"]),
        intro=tuple(intro),
        steps=tuple(steps),
        needs=frozenset(data.get("needs", ())),
        after=tuple(data.get("after", ())),
    )
