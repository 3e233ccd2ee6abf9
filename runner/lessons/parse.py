"""Parse the files of a lab into its lesson, its near misses and the solutions of its steps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.lessons import learner_values, markdown_page
from runner.lessons.learner_values import NO_LEARNER, Learner, ValueDeclaration
from runner.lessons.markdown_page import MarkdownPage, PageSection
from runner.lessons.model import Command, Lab, Lesson, LessonPart, NearMiss, Step
from runner.lessons.problems import BrokenLessonError, Problem
from runner.nodes.topology import DEFAULT_MEMORY_MB, NodeSpec, Role, Topology

_HEADING = re.compile(r"^(?P<title>.+?)\s+\{#(?P<id>[a-z][a-z0-9-]*)\}$")
# Replaces invalid front matter, so that the steps after it can still be checked.
_EMPTY_FRONT_MATTER: dict[str, Any] = {
    "title": "",
    "summary": "",
    "level": "",
    "minutes": 0,
    "topology": {"nodes": []},
    "images": [],
}


def parse_lab(folder: Path, learner: Learner = NO_LEARNER) -> Lab:
    """Parse the lab in a folder.

    Args:
        folder: The folder.
        learner: The learner whose values are filled in.

    Raises:
        BrokenLessonError: Its `lesson.md` has problems; the error lists all, as `file:line: message`.

    """
    page, lab = parse_lab_leniently(folder, learner)
    if page.problems:
        raise BrokenLessonError(folder.name, page.problems)
    return lab


def parse_lab_leniently(folder: Path, learner: Learner = NO_LEARNER) -> tuple[MarkdownPage, Lab]:
    """Parse the lab in a folder even if its lesson has problems.

    Args:
        folder: The folder.
        learner: The learner whose values are filled in.

    Returns:
        The page with its problems, and the lab. If the front matter is invalid, the lesson contains no data from it.

    Raises:
        BrokenLessonError: The lesson does not exist or is not text.

    """
    path = folder / "lesson.md"
    page = markdown_page.read_page(path, folder.name, "lesson.schema.json")
    declarations = learner_values.parse_value_declarations(page.front_matter)
    if declarations:
        # Only the lesson itself declares which names to fill in, so it is read a second time with the values.
        values = learner_values.draw_values(folder.name, declarations, learner)
        page = markdown_page.read_page(path, folder.name, "lesson.schema.json", values=values)
    steps = parse_steps(page)
    if not steps:
        page.add_problem(len(page.lines), "a lesson needs at least one step: a heading '## Title {#id}'")
    _check_unique_ids(page, steps)
    _check_captures(page, steps)
    if not (folder / "setup.sh").is_file():
        problem = Problem(folder / "setup.sh", 1, "the file is missing; every lab needs it, even if it is empty")
        page.problems.append(problem)
    front_matter = page.front_matter if page.has_valid_front_matter else _EMPTY_FRONT_MATTER
    lesson = _create_lesson(front_matter, page.sections[0].parts, steps, declarations)
    return page, Lab(folder.name, folder, lesson, learner)


def parse_steps(page: MarkdownPage) -> list[Step]:
    """Return the steps of a lesson's page; a heading without an id is added to its problems."""
    return [_parse_step(page, section) for section in page.sections[1:]]


def parse_near_miss(path: Path, lab: Lab) -> NearMiss:
    """Parse a file in `wrong/`: front matter, then the headings `## Wrong` and `## Cure`.

    Raises:
        BrokenLessonError: The file has problems; the error lists all, as `file:line: message`.

    """
    page = parse_near_miss_page_leniently(path, lab, lab.lesson.topology.node_names)
    if page.problems:
        raise BrokenLessonError(lab.name, page.problems)
    commands = {section.title: section.commands for section in page.sections}
    data = page.front_matter
    return NearMiss(path, data["step"], data["played"] == "after", data["says"], commands["Wrong"], commands["Cure"])


def parse_near_miss_page_leniently(path: Path, lab: Lab, node_names: Iterable[str]) -> MarkdownPage:
    """Parse a file in `wrong/` even if it has problems, and return its page with them.

    Raises:
        BrokenLessonError: The file does not exist or is not text.

    """
    page = markdown_page.read_page(path, lab.name, "wrong.schema.json", frozenset(node_names), lab.values)
    sections = {section.title: section for section in page.sections}
    for title in ("Wrong", "Cure"):
        if title not in sections or not sections[title].commands:
            line = sections[title].line if title in sections else len(page.lines)
            page.add_problem(line, f"the heading '## {title}' with its commands is missing")
        for section in page.sections:
            if section.title == title and section is not sections[title]:
                page.add_problem(section.line, f"the heading '## {title}' appears twice")
    step = page.front_matter.get("step")
    if isinstance(step, str) and lab.lesson.find_step(step) is None:
        page.add_problem(page.find_front_matter_line_number("step"), f"the lesson has no step '{step}'")
    return page


def load_solution_commands(lab: Lab, step: Step) -> tuple[Command, ...]:
    """Return the commands that complete a step: its own, or those of `solution/STEP.md` if it has none.

    Raises:
        BrokenLessonError: The solution's file has problems; the error lists all, as `file:line: message`.

    """
    return tuple(part for part in load_solution_parts(lab, step) if isinstance(part, Command))


def load_solution_parts(lab: Lab, step: Step) -> tuple[LessonPart, ...]:
    """Return the solution of a step: its own commands, or all parts of `solution/STEP.md` if it has none.

    Raises:
        BrokenLessonError: The solution's file has problems; the error lists all, as `file:line: message`.

    """
    path = lab.solution_path(step.id)
    if step.commands or not path.exists():
        return step.commands
    node_names = frozenset(lab.lesson.topology.node_names)
    page = markdown_page.read_page(path, lab.name, node_names=node_names, values=lab.values)
    if page.problems:
        raise BrokenLessonError(lab.name, page.problems)
    # The headings are only for readers of the file.
    return tuple(part for section in page.sections for part in section.parts)


def _parse_step(page: MarkdownPage, section: PageSection) -> Step:
    match = _HEADING.match(section.title)
    if match is None:
        page.add_problem(section.line, "the heading of a step must end with its id, as in '## Title {#id}'")
        return Step(f"line-{section.line}", section.title, section.line, tuple(section.parts))
    return Step(match["id"], match["title"], section.line, tuple(section.parts))


def _check_unique_ids(page: MarkdownPage, steps: Iterable[Step]) -> None:
    first_lines: dict[str, int] = {}
    for step in steps:
        if step.id in first_lines:
            page.add_problem(step.line, f"the step id '{step.id}' is already used on line {first_lines[step.id]}")
        first_lines.setdefault(step.id, step.line)


def _check_captures(page: MarkdownPage, steps: Iterable[Step]) -> None:
    captured: set[str] = set()
    for command in (command for step in steps for command in step.commands):
        for name in sorted(command.placeholders - captured):
            page.add_problem(command.line, f"no earlier command captures <{name}>")
        if command.capture_name:
            captured.add(command.capture_name)


def _create_lesson(
    front_matter: dict[str, Any],
    intro: Iterable[LessonPart],
    steps: Iterable[Step],
    declarations: tuple[ValueDeclaration, ...],
) -> Lesson:
    nodes = tuple(
        NodeSpec(node["name"], Role(node["role"]), node.get("memory", DEFAULT_MEMORY_MB))
        for node in front_matter["topology"]["nodes"]
    )
    return Lesson(
        title=front_matter["title"],
        summary=front_matter["summary"],
        level=front_matter["level"],
        minutes=front_matter["minutes"],
        topology=Topology(nodes),
        images=tuple(front_matter["images"]),
        intro=tuple(intro),
        steps=tuple(steps),
        needs=frozenset(front_matter.get("needs", ())),
        prerequisites=tuple(front_matter.get("after", ())),
        values=declarations,
    )
