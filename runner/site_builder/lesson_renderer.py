"""Render a lesson's introduction and steps to HTML, for their own pages and for the page with the complete lab."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from runner.lessons import markdown_parser, resolved_lesson
from runner.lessons.glossary import Glossary
from runner.lessons.links import ANCHOR_CLOSE, ANCHOR_OPEN, LinkResolver
from runner.lessons.model import Command, Hint, Lesson, LessonPart, Picture, Prose
from runner.lessons.problems import Problem
from runner.lessons.resolved_lesson import ResolvedPart, ResolvedSection
from runner.lessons.resolved_markdown import Heading
from runner.site_builder import code_highlighting, markdown, picture_layout
from runner.site_builder.localization import LocalizedLab
from runner.site_builder.markdown import HEADING_LEVEL_MARK, TermLinker
from runner.site_builder.templates import SiteTemplates

_MARKED_ANCHOR = re.compile(f"{ANCHOR_OPEN}([^{ANCHOR_CLOSE}]*){ANCHOR_CLOSE}")
_MARKED_LEVEL = re.compile(f"{HEADING_LEVEL_MARK}([0-9])")


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """A step, or the introduction before the steps, as HTML.

    Attributes:
        id: The step's id; empty for the introduction.
        title: The step's title; empty for the introduction.
        html: The HTML, with marks for heading levels and anchors, which depend on the page that shows it.
        headings: The headings in it.
        search_text: The text that the search index contains.

    """

    id: str
    title: str
    html: str
    headings: tuple[Heading, ...]
    search_text: str


@dataclass(frozen=True, slots=True)
class RenderedLesson:
    """A lesson as HTML.

    Attributes:
        localized_lab: The lab and its lesson in one language.
        intro: The introduction before the steps.
        steps: The steps.
        anchors: The line and the step id of every anchor in the lesson; the step id is empty in the introduction.
        problems: Broken links, duplicate anchors and the like.

    """

    localized_lab: LocalizedLab
    intro: RenderedSection
    steps: tuple[RenderedSection, ...]
    anchors: Mapping[str, tuple[int, str]]
    problems: tuple[Problem, ...]

    def render_section_for_own_page(self, section: RenderedSection) -> Markup:
        """Return a section's HTML for its own page, where the section's title is the first-level heading."""
        html = _MARKED_LEVEL.sub(lambda match: str(int(match[1]) - 1), section.html)
        html = _MARKED_ANCHOR.sub(lambda match: self._link_from_own_page(match[1], section.id), html)
        return Markup(html)  # noqa: S704 - rendered above

    def render_section_for_complete_lab_page(self, section: RenderedSection) -> Markup:
        """Return a section's HTML for the page with the complete lab, where step titles are second-level headings."""
        html = _MARKED_LEVEL.sub(lambda match: match[1] if section.id else str(int(match[1]) - 1), section.html)
        return Markup(_MARKED_ANCHOR.sub(r"#\1", html))  # noqa: S704 - rendered above

    def _link_from_own_page(self, anchor: str, current_step: str) -> str:
        step = self.anchors[anchor][1] if anchor in self.anchors else ""
        page = "" if step == current_step else f"{step or 'index'}.html"
        return page if page and anchor == step else f"{page}#{anchor}"


@dataclass(frozen=True, slots=True)
class LessonRenderer:
    """Renders one lesson.

    Attributes:
        localized_lab: The lab and its lesson in one language.
        templates: The templates for commands, hints and pictures.
        links: Resolves the lesson's links.
        glossary: The terms to link.
        check_descriptions: The docstring of each check of the lab, by the check's name.

    """

    localized_lab: LocalizedLab
    templates: SiteTemplates
    links: LinkResolver
    glossary: Glossary
    check_descriptions: Mapping[str, str] = field(default_factory=dict)

    def render_lesson(self, english_lesson: RenderedLesson | None = None) -> RenderedLesson:
        """Render the lesson.

        Args:
            english_lesson: For a translation, the rendered English lesson, whose heading anchors it reuses.

        """
        english_sections = (english_lesson.intro, *english_lesson.steps) if english_lesson else ()
        heading_ids = [[heading.id for heading in section.headings] for section in english_sections]
        resolved = resolved_lesson.resolve_lesson(self.localized_lab.lesson, self.links, heading_ids)
        return RenderedLesson(
            self.localized_lab,
            self._render_section(resolved.intro),
            tuple(self._render_section(step) for step in resolved.steps),
            resolved.anchors,
            (*resolved.heading_problems, *resolved.link_problems),
        )

    def _render_section(self, section: ResolvedSection) -> RenderedSection:
        hint_count = sum(isinstance(part.part, Hint) for part in section.parts)
        renderer = _SectionRenderer(self, section, TermLinker(self.glossary), hint_count)
        html = "".join(renderer.render_part(part) for part in section.parts)
        search_text = _collect_search_text([part.part for part in section.parts])
        return RenderedSection(section.id, section.title, html, section.headings, search_text)


@dataclass(slots=True)
class _SectionRenderer:
    """Renders the parts of one section, and numbers its hints."""

    renderer: LessonRenderer
    section: ResolvedSection
    terms: TermLinker
    hint_count: int
    hints: int = 0

    def render_part(self, resolved: ResolvedPart) -> str:
        part = resolved.part
        if isinstance(part, Prose):
            return markdown.render_tokens(resolved.tokens, self.terms)
        if isinstance(part, Command):
            return self._render_command(part, resolved.anchor)
        if isinstance(part, Hint):
            # Hints do not link glossary terms.
            return self._render_hint(part, Markup(markdown.render_tokens(resolved.tokens)))  # noqa: S704 - rendered here
        return self._render_picture(part, resolved.anchor)

    def _render_command(self, command: Command, anchor: str) -> str:
        node_names = self._lesson.topology.node_names
        return self._render_block(
            "command",
            id=anchor,
            # The style sheet has nine node colours.
            nodes=[(node, node_names.index(node) % 9 + 1) for node in command.nodes],
            script=code_highlighting.highlight_code_with_placeholders(command.script, "sh"),
            expected_output=code_highlighting.highlight_code_with_placeholders(
                "\n".join(command.expected_output), "text"
            ),
            exit_status=command.exit_status,
            retry_seconds=int(command.retry_seconds),
            capture_name=command.capture_name,
        )

    def _render_hint(self, hint: Hint, html: Markup) -> str:
        self.hints += 1
        return self._render_block(
            "hint",
            level=self.hints,
            level_count=self.hint_count,
            html=html,
            check_description=self.renderer.check_descriptions.get(hint.check_name or "", ""),
            failure_message=hint.says or "",
        )

    def _render_picture(self, picture: Picture, anchor: str) -> str:
        layout = picture_layout.compute_layout(picture, self._lesson.topology)
        is_in_step = bool(self.section.id)
        return self._render_block("picture", id=anchor, layout=layout, services=picture.services, is_in_step=is_in_step)

    @property
    def _lesson(self) -> Lesson:
        return self.renderer.localized_lab.lesson

    def _render_block(self, macro: str, **arguments: Any) -> str:
        return self.renderer.templates.render_block_macro(macro, **arguments)


def _collect_search_text(parts: Sequence[LessonPart]) -> str:
    texts = [markdown_parser.extract_text(part.text) for part in parts if isinstance(part, Prose)]
    texts += [" ".join(part.script.split()) for part in parts if isinstance(part, Command)]
    return " ".join(texts)
