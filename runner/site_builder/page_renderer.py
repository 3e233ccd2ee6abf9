"""Render every page of the site in one language: front page, labs, steps, glossary, and the 404 page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

from runner import paths
from runner.lessons.links import SINGLE_PAGE_FILE
from runner.lessons.translation import ENGLISH
from runner.site_builder.docs_renderer import RenderedDocs
from runner.site_builder.glossary_renderer import GlossaryEntry
from runner.site_builder.lesson_renderer import RenderedLesson
from runner.site_builder.templates import SiteTemplates


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Where the site is published, and in which languages.

    Attributes:
        base_url: The site's address without a trailing slash; empty if unknown.
        is_live: Whether pages connect to `labs site serve`, to show progress and reload after a change.
        language_names: The name of each language in that language, by language code; English comes first.

    """

    base_url: str
    is_live: bool
    language_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PageRenderer:
    """Renders the pages of one language. Templates see it as `site`.

    Attributes:
        settings: Where the site is published.
        language: The language code of the pages.
        templates: The templates with the texts of this language.
        glossary_entries: The rendered glossary.
        lessons: The rendered lessons, in learning order.
        docs: The rendered documentation, which is the same for all languages; it may be empty.

    """

    settings: SiteSettings
    language: str
    templates: SiteTemplates
    glossary_entries: Sequence[GlossaryEntry]
    lessons: Sequence[RenderedLesson]
    docs: RenderedDocs

    def render_pages(self) -> Iterator[tuple[str, bytes]]:
        """Yield the path on the site and the HTML of every page."""
        texts = self.templates.texts
        yield self._render_page("index.html", "front.html", title="", recorded=self._load_recorded_check())
        for lesson, next_lesson in zip_longest(self.lessons, self.lessons[1:]):
            yield from self._render_lab_pages(lesson, next_lesson)
        if self.glossary_entries:
            entries = self.glossary_entries
            yield self._render_page("glossary.html", "glossary.html", title=texts["glossary"], entries=entries)
        if self.language == ENGLISH:
            yield self._render_page("404.html", "404.html", title=texts["not_found"], is_404=True)
            for rendered in self.docs.pages:
                page = rendered.page
                yield self._render_page(page.site_path, "docs.html", page.title, rendered=rendered, is_translated=False)

    def _render_lab_pages(
        self, lesson: RenderedLesson, next_lesson: RenderedLesson | None
    ) -> Iterator[tuple[str, bytes]]:
        localized = lesson.localized_lab
        name, title = localized.lab.name, localized.lesson.title
        shared: dict[str, Any] = {
            "lesson": lesson,
            "next_lesson": next_lesson,
            "description": localized.lesson.summary,
            "content_language": localized.content_language,
        }
        yield self._render_page(f"{name}/index.html", "lab.html", title=title, **shared)
        for number, step in enumerate(lesson.steps, 1):
            step_variables = {
                "number": number,
                "step": step,
                "previous_step": lesson.steps[number - 2] if number > 1 else None,
                "next_step": lesson.steps[number] if number < len(lesson.steps) else None,
            }
            path = f"{name}/{step.id}.html"
            yield self._render_page(path, "step.html", title=f"{step.title} · {title}", **step_variables, **shared)
        yield self._render_page(f"{name}/{SINGLE_PAGE_FILE}", "single_page.html", title=title, **shared)

    def _render_page(self, path: str, template: str, title: str, **variables: Any) -> tuple[str, bytes]:
        defaults: dict[str, Any] = {
            "site": self,
            "path": path,
            "title": title,
            "description": self.templates.texts["tagline"],
            "content_language": self.language,
            "lesson": None,
            "step": None,
            "single_page_file": SINGLE_PAGE_FILE,
            "is_404": False,
            "is_translated": True,
        }
        variables = defaults | variables
        variables["language_root"] = "../" * path.count("/")
        variables["site_root"] = "../" * self.build_page_path(path, self.language).count("/")
        if variables["is_404"]:
            # The server shows this page for addresses of any depth, so only absolute paths work on it.
            base_path = urlsplit(self.settings.base_url).path.strip("/")
            variables["language_root"] = variables["site_root"] = f"/{base_path}/" if base_path else "/"
        return self.build_page_path(path, self.language), self.templates.render_page_bytes(template, **variables)

    def list_language_links(self, path: str, site_root: str) -> list[tuple[str, str, str]]:
        """Return the code and the name of each language, and the link to this page in it."""
        names = self.settings.language_names
        return [(code, name, f"{site_root}{self.build_page_path(path, code)}") for code, name in names.items()]

    def build_page_path(self, path: str, language: str) -> str:
        """Return the path of a page on the site, in a language."""
        return path if language == ENGLISH else f"{language}/{path}"

    def list_lab_titles(self, names: Sequence[str]) -> list[tuple[str, str, str]]:
        """Return the name, the title and the title's language of each lab; labs that do not exist are left out."""
        labs = {lesson.localized_lab.lab.name: lesson.localized_lab for lesson in self.lessons}
        return [(name, labs[name].lesson.title, labs[name].content_language) for name in names if name in labs]

    def _load_recorded_check(self) -> dict[str, Any] | None:
        """Return the recorded `labs check` report for the front page, or None if the site does not have that lab."""
        path = paths.site_folder() / "recorded" / "check.json"
        report = json.loads(path.read_text("utf-8"))
        labs = (lesson.localized_lab.lab for lesson in self.lessons)
        lab = next((lab for lab in labs if lab.name == report["lab"]), None)
        if lab is None:
            return None
        # Checks report in English, so the step titles next to them are the English ones too.
        steps = [
            (step, [result for result in report["results"] if result["step"] == step.id]) for step in lab.lesson.steps
        ]
        return {**report, "steps": [(step, results) for step, results in steps if results]}
