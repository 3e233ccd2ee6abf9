"""Reads a lab: its pages become a lesson of steps, near misses, and the commands that lead through a step."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.lessons import learner_values, markdown_page
from runner.lessons.learner_values import NO_LEARNER, Learner, LearnerValue
from runner.lessons.markdown_page import MarkdownPage, Section
from runner.lessons.model import Command, Lab, Lesson, NearMiss, LessonPart, Step
from runner.lessons.problems import BrokenLessonError, Problem
from runner.nodes.topology import NodeSpec, Role, Topology

_HEADING = re.compile(r"^(?P<title>.+?)\s+\{#(?P<id>[a-z][a-z0-9-]*)\}$")
# What stands for front matter that cannot be read, so that the steps after it can be looked at all the same.
_NOTHING: dict[str, Any] = {
    "title": "",
    "summary": "",
    "level": "",
    "minutes": 0,
    "topology": {"nodes": []},
    "images": [],
}


def parse_lab(folder: Path, learner: Learner = NO_LEARNER) -> Lab:
    """Read the lab in a folder.

    Args:
        folder: The folder.
        learner: Whose values it has.

    Raises:
        BrokenLessonError: With every problem of its `lesson.md`, as `file:line: message`.

    """
    read, found = parse_lab_leniently(folder, learner)
    if read.problems:
        raise BrokenLessonError(folder.name, read.problems)
    return found


def parse_lab_leniently(folder: Path, learner: Learner = NO_LEARNER) -> tuple[MarkdownPage, Lab]:
    """Read the lab in a folder as far as it can be read.

    Args:
        folder: The folder.
        learner: Whose values it has.

    Returns:
        The page, which tells what is wrong, and the lab, with nothing of front matter that is not sound.

    Raises:
        BrokenLessonError: There is no text to be read.

    """
    path = folder / "lesson.md"
    read = markdown_page.read_page(path, folder.name, "lesson.schema.json")
    declared = learner_values.parse_declarations(read.front_matter)
    if declared:
        # Only the lesson itself tells what is to be filled in.
        given = learner_values.draw_values(folder.name, declared, learner)
        read = markdown_page.read_page(path, folder.name, "lesson.schema.json", given=given)
    found = parse_steps(read)
    if not found:
        read.add_problem(len(read.lines), "a lesson needs at least one step: a heading '## Title {#id}'")
    _refuse_repeated(read, found)
    _refuse_unfilled(read, found)
    if not (folder / "setup.sh").is_file():
        read.problems.append(Problem(folder / "setup.sh", 1, "the file is missing; every lab sets its scene there"))
    lesson = _lesson(
        read.front_matter if read.has_valid_front_matter else _NOTHING, read.sections[0].parts, found, declared
    )
    return read, Lab(folder.name, folder, lesson, learner)


def parse_steps(read: MarkdownPage) -> list[Step]:
    """Return the steps of a lesson's page; a heading without an id is complained of."""
    return [_step(read, section) for section in read.sections[1:]]


def parse_near_miss(path: Path, lab: Lab) -> NearMiss:
    """Read one file of a lab's `wrong/`: front matter, then the headings `## Wrong` and `## Cure`.

    Raises:
        BrokenLessonError: With every problem of the file, as `file:line: message`.

    """
    read = parse_near_miss_page(path, lab, lab.lesson.topology.names)
    if read.problems:
        raise BrokenLessonError(lab.name, read.problems)
    found = {section.title: section.commands for section in read.sections}
    data = read.front_matter
    return NearMiss(path, data["step"], data["played"] == "after", data["says"], found["Wrong"], found["Cure"])


def parse_near_miss_page(path: Path, lab: Lab, nodes: Iterable[str]) -> MarkdownPage:
    """Read one file of a lab's `wrong/` as far as it can be read; the page tells what is wrong.

    Raises:
        BrokenLessonError: There is no text to be read.

    """
    read = markdown_page.read_page(path, lab.name, "wrong.schema.json", frozenset(nodes), lab.values)
    found = {section.title: section for section in read.sections}
    for title in ("Wrong", "Cure"):
        if title not in found or not found[title].commands:
            line = found[title].line if title in found else len(read.lines)
            read.add_problem(line, f"the heading '## {title}' with its commands is missing")
        for section in read.sections:
            if section.title == title and section is not found[title]:
                read.add_problem(section.line, f"the heading '## {title}' stands here twice")
    step = read.front_matter.get("step")
    if isinstance(step, str) and lab.lesson.find_step(step) is None:
        read.add_problem(read.find_key_line("step"), f"the lesson has no step '{step}'")
    return read


def load_step_commands(lab: Lab, step: Step) -> tuple[Command, ...]:
    """Return what leads through a step: its own commands, or those of `solution/STEP.md` where it tells none.

    Raises:
        BrokenLessonError: With every problem of the solution's file, as `file:line: message`.

    """
    return tuple(part for part in load_step_solution(lab, step) if isinstance(part, Command))


def load_step_solution(lab: Lab, step: Step) -> tuple[LessonPart, ...]:
    """Return how a step is done: its own commands, or what `solution/STEP.md` says where it tells none.

    Raises:
        BrokenLessonError: With every problem of the solution's file, as `file:line: message`.

    """
    path = lab.solution_path(step.id)
    if step.commands or not path.exists():
        return step.commands
    read = markdown_page.read_page(path, lab.name, nodes=frozenset(lab.lesson.topology.names), given=lab.values)
    if read.problems:
        raise BrokenLessonError(lab.name, read.problems)
    # Its headings are for whoever reads the file.
    return tuple(part for section in read.sections for part in section.parts)


def _step(read: MarkdownPage, section: Section) -> Step:
    match = _HEADING.match(section.title)
    if match is None:
        read.add_problem(section.line, "a step's heading ends with its id: '## Title {#id}'")
        return Step(f"line-{section.line}", section.title, section.line, tuple(section.parts))
    return Step(match["id"], match["title"], section.line, tuple(section.parts))


def _refuse_repeated(read: MarkdownPage, steps: Iterable[Step]) -> None:
    first: dict[str, int] = {}
    for step in steps:
        if step.id in first:
            read.add_problem(step.line, f"the step id '{step.id}' is taken on line {first[step.id]}")
        first.setdefault(step.id, step.line)


def _refuse_unfilled(read: MarkdownPage, steps: Iterable[Step]) -> None:
    captured: set[str] = set()
    for command in (command for step in steps for command in step.commands):
        for name in sorted(command.placeholders - captured):
            read.add_problem(command.line, f"nothing before it captures <{name}>")
        if command.capture_name:
            captured.add(command.capture_name)


def _lesson(
    data: dict[str, Any], intro: Iterable[LessonPart], steps: Iterable[Step], declared: tuple[LearnerValue, ...]
) -> Lesson:
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
        prerequisites=tuple(data.get("after", ())),
        values=declared,
    )
