"""A lesson as HTML: its steps' parts one after another, ready to stand on a page of their own or all on one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from runner.lessons.model import Command, Hint, Lesson, Part, Picture, Prose
from runner.lessons.problems import Problem
from runner.site_builder import code_highlighting, markdown, picture_layout
from runner.site_builder.glossary import Glossary
from runner.site_builder.links import ANCHOR_CLOSE, ANCHOR_OPEN, Links
from runner.site_builder.localization import Edition
from runner.site_builder.markdown import LEVEL, Heading, Sheet
from runner.site_builder.templates import Templates

_ANCHOR = re.compile(f"{ANCHOR_OPEN}([^{ANCHOR_CLOSE}]*){ANCHOR_CLOSE}")
_LEVEL = re.compile(f"{LEVEL}([0-9])")


@dataclass(frozen=True, slots=True)
class Section:
    """A step, or what comes before the steps.

    Attributes:
        id: The step's id; empty for what comes before.
        title: The step's title.
        html: All of it, with marks where pages differ.
        headings: The headings in it.
        text: What can be searched for.

    """

    id: str
    title: str
    html: str
    headings: tuple[Heading, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A lesson as HTML."""

    edition: Edition
    intro: Section
    steps: tuple[Section, ...]
    places: Mapping[str, tuple[int, str]]
    problems: tuple[Problem, ...]

    def on_own_page(self, section: Section) -> Markup:
        """Return a section as it stands on a page of its own, whose title is the section's."""
        html = _LEVEL.sub(lambda match: str(int(match[1]) - 1), section.html)
        return Markup(_ANCHOR.sub(lambda match: self._way(match[1], section.id), html))  # noqa: S704 - rendered above

    def among_others(self, section: Section) -> Markup:
        """Return a section as it stands below a heading on the page of the whole lesson."""
        html = _LEVEL.sub(lambda match: match[1] if section.id else str(int(match[1]) - 1), section.html)
        return Markup(_ANCHOR.sub(r"#\1", html))  # noqa: S704 - rendered above

    def _way(self, anchor: str, here: str) -> str:
        step = self.places[anchor][1] if anchor in self.places else ""
        page = "" if step == here else f"{step or 'index'}.html"
        return page if page and anchor == step else f"{page}#{anchor}"


@dataclass(frozen=True, slots=True)
class Renderer:
    """Turns one lesson into HTML.

    Attributes:
        edition: The lesson.
        templates: The pieces of pages.
        links: Where its links lead.
        glossary: The terms to link.
        checks: What each check says is true, by its name.

    """

    edition: Edition
    templates: Templates
    links: Links
    glossary: Glossary
    checks: Mapping[str, str] = field(default_factory=dict)

    def render(self, original: Rendered | None = None) -> Rendered:
        """Render it.

        Args:
            original: The English lesson, whose anchors a translation takes over.

        """
        lesson = self.edition.lesson
        references = markdown.references(self.edition.file.read_text("utf-8-sig"))
        sheet = self._sheet("", original.intro if original else None)
        intro = self._section("", "", lesson.intro, sheet, references)
        steps = []
        for at, step in enumerate(lesson.steps):
            given = original.steps[at] if original else None
            sheet = self._sheet(step.id, given, sheet)
            sheet.anchor(step.id, step.line)
            steps.append(self._section(step.id, step.title, step.parts, sheet, references))
        for name, line in sheet.wanted:
            if name not in sheet.anchors:
                sheet.complain(line, f"the link '#{name}' leads to no step and no heading of this lesson")
        return Rendered(self.edition, intro, tuple(steps), sheet.anchors, tuple(sheet.problems))

    def _sheet(self, step: str, given: Section | None, before: Sheet | None = None) -> Sheet:
        ids = [heading.id for heading in given.headings] if given else []
        if before is None:
            return Sheet(step, self.links, self.glossary, ids)
        shared: dict[str, Any] = {"anchors": before.anchors, "wanted": before.wanted, "problems": before.problems}
        return Sheet(step, self.links, self.glossary, ids, **shared)

    def _section(
        self, step: str, title: str, parts: Sequence[Part], sheet: Sheet, references: dict[str, Any]
    ) -> Section:
        pieces = _Pieces(self, sheet, references, sum(isinstance(part, Hint) for part in parts))
        html = "".join(pieces.html(part) for part in parts)
        return Section(step, title, html, tuple(sheet.headings), _text(parts))


@dataclass(slots=True)
class _Pieces:
    """Renders the parts of one section, and counts them."""

    renderer: Renderer
    sheet: Sheet
    references: dict[str, Any]
    hints: int
    commands: int = 0
    pictures: int = 0
    tier: int = 0

    def html(self, part: Part) -> str:
        if isinstance(part, Prose):
            return markdown.render(part.text, part.line, self.sheet, self.references)
        if isinstance(part, Command):
            return self._command(part)
        return self._hint(part) if isinstance(part, Hint) else self._picture(part)

    def _command(self, part: Command) -> str:
        self.commands += 1
        name = f"{self.sheet.step or 'intro'}--c{self.commands}"
        self.sheet.anchor(name, part.line)
        names = self._lesson.topology.names
        nodes = [(node, names.index(node) % 9 + 1) for node in part.nodes]
        script = code_highlighting.with_places(part.script, "sh")
        output = code_highlighting.with_places("\n".join(part.output), "text")
        return self._piece("command", id=name, part=part, nodes=nodes, script=script, output=output)

    def _hint(self, part: Hint) -> str:
        self.tier += 1
        # A hint is no place to introduce terms in, and its headings lead nowhere.
        sheet = Sheet(
            f"hint-{self.tier}", self.sheet.links, None, wanted=self.sheet.wanted, problems=self.sheet.problems
        )
        html = markdown.render(part.text, part.line + 1, sheet, self.references)
        check = self.renderer.checks.get(part.check or "", "")
        shown = Markup(html)  # noqa: S704 - rendered above
        return self._piece("hint", tier=self.tier, of=self.hints, html=shown, check=check, says=part.says or "")

    def _picture(self, part: Picture) -> str:
        self.pictures += 1
        name = f"{self.sheet.step or 'intro'}--p{self.pictures}"
        drawing = picture_layout.layout(part, self._lesson.topology)
        return self._piece("picture", id=name, drawing=drawing, part=part, after=bool(self.sheet.step))

    @property
    def _lesson(self) -> Lesson:
        return self.renderer.edition.lesson

    def _piece(self, macro: str, **given: Any) -> str:
        return self.renderer.templates.piece(macro, **given)


def _text(parts: Sequence[Part]) -> str:
    told = [part.text for part in parts if isinstance(part, Prose)]
    told += [part.script for part in parts if isinstance(part, Command)]
    return markdown.plain("\n".join(told))
