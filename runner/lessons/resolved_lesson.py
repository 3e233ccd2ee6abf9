"""A lesson in which every anchor and link is resolved: the site shows it, and lint reports what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from runner.lessons import resolved_markdown
from runner.lessons.links import RESERVED_STEP_IDS, LinkTargets
from runner.lessons.model import Command, Hint, Lesson, LessonPart, Picture
from runner.lessons.problems import Problem
from runner.lessons.resolved_markdown import Heading, SectionContext


@dataclass(frozen=True, slots=True)
class ResolvedPart:
    """A part of a section.

    Attributes:
        part: The part.
        tokens: The tokens of prose, or of a hint's text.
        anchor: The anchor of a command or a picture.

    """

    part: LessonPart
    tokens: Sequence[Token] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedSection:
    """A step, or the introduction before the steps.

    Attributes:
        id: The step's id; empty for the introduction.
        title: The step's title; empty for the introduction.
        parts: Its parts, in order.
        headings: The headings in it.

    """

    id: str
    title: str
    parts: tuple[ResolvedPart, ...]
    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class ResolvedLesson:
    """A lesson in one language.

    Attributes:
        intro: The introduction before the steps.
        steps: The steps.
        anchors: The line and the step id of every anchor in the lesson; the step id is empty in the introduction.
        link_problems: Links and images that lead nowhere.
        heading_problems: Headings and ids that cannot be used.

    """

    intro: ResolvedSection
    steps: tuple[ResolvedSection, ...]
    anchors: Mapping[str, tuple[int, str]]
    link_problems: tuple[Problem, ...]
    heading_problems: tuple[Problem, ...]

    @property
    def heading_ids(self) -> list[list[str]]:
        """The ids of the headings in each section, which a translation reuses."""
        return [[heading.id for heading in section.headings] for section in (self.intro, *self.steps)]


def resolve_lesson(
    lesson: Lesson, links: LinkTargets, original_heading_ids: Sequence[Sequence[str]] = ()
) -> ResolvedLesson:
    """Resolve all anchors and links of a lesson.

    Args:
        lesson: The lesson.
        links: Resolves its links.
        original_heading_ids: For a translation, the ids of the headings in each section of the original.

    """
    context = SectionContext("", links, next(iter(original_heading_ids), ()))
    intro = _resolve_section(context, "", lesson.intro)
    steps = []
    for index, step in enumerate(lesson.steps, 1):
        heading_ids = original_heading_ids[index] if index < len(original_heading_ids) else ()
        context = _create_next_context(context, step.id, heading_ids)
        if step.id in RESERVED_STEP_IDS:
            message = f"the id '{step.id}' is reserved for a page of the lab; end the heading with another {{#id}}"
            context.add_heading_problem(step.line, message)
        context.add_anchor(step.id, step.line)
        steps.append(_resolve_section(context, step.title, step.parts))
    for anchor, line in context.linked_anchors:
        if anchor not in context.anchors:
            message = f"the link '#{anchor}' does not match any step or heading of this lesson"
            context.add_link_problem(line, message)
    problems = tuple(context.link_problems), tuple(context.heading_problems)
    return ResolvedLesson(intro, tuple(steps), context.anchors, *problems)


def _create_next_context(previous: SectionContext, step_id: str, heading_ids: Sequence[str] = ()) -> SectionContext:
    return SectionContext(
        step_id,
        previous.links,
        heading_ids,
        anchors=previous.anchors,
        linked_anchors=previous.linked_anchors,
        link_problems=previous.link_problems,
        heading_problems=previous.heading_problems,
    )


def _resolve_section(context: SectionContext, title: str, parts: Sequence[LessonPart]) -> ResolvedSection:
    resolved: list[ResolvedPart] = []
    for part in parts:
        same_type = [other for other in resolved if type(other.part) is type(part)]
        resolved.append(_resolve_part(context, part, len(same_type) + 1))
    return ResolvedSection(context.step_id, title, tuple(resolved), tuple(context.headings))


def _resolve_part(context: SectionContext, part: LessonPart, number: int) -> ResolvedPart:
    """Resolve a part, which is the given number of its type in the section."""
    if isinstance(part, Command | Picture):
        letter = "c" if isinstance(part, Command) else "p"
        anchor = f"{context.step_id or 'intro'}--{letter}{number}"
        context.add_anchor(anchor, part.line)
        return ResolvedPart(part, anchor=anchor)
    if isinstance(part, Hint):
        # The headings of hints are not link targets.
        hint_context = _create_next_context(context, context.step_id)
        hint_context.has_anchors = False
        return ResolvedPart(part, resolved_markdown.resolve_markdown(part.text, part.line + 1, hint_context))
    return ResolvedPart(part, resolved_markdown.resolve_markdown(part.text, part.line, context))
