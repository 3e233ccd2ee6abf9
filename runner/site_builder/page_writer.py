"""The pages of one language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

from runner import paths
from runner.site_builder.lesson_renderer import Rendered
from runner.site_builder.localization import ENGLISH
from runner.site_builder.templates import Templates
from runner.site_builder.terms import Entry

WHOLE = "on-one-page.html"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how the site will be shown.

    Attributes:
        url: Where it is published, without a slash at the end; empty if that is not known.
        live: Whether pages listen to the server that shows them.
        languages: The languages it speaks, English first, with their own names.

    """

    url: str
    live: bool
    languages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheets:
    """Makes the pages of one language.

    Attributes:
        place: Where the site will be shown.
        language: The language.
        templates: The templates with its words.
        terms: The glossary's entries.
        lessons: Its lessons, in the order they are learnt.

    """

    place: Place
    language: str
    templates: Templates
    terms: Sequence[Entry]
    lessons: Sequence[Rendered]

    def all(self) -> Iterator[tuple[str, bytes]]:
        """Yield every page with its path on the site."""
        yield self._page("index.html", "front.html", title="", recorded=self._recorded())
        for lesson, following in zip_longest(self.lessons, self.lessons[1:]):
            yield from self._of_lab(lesson, following)
        if self.terms:
            yield self._page("glossary.html", "glossary.html", title=self.templates.words["glossary"], terms=self.terms)
        if self.language == ENGLISH:
            yield self._page("404.html", "404.html", title=self.templates.words["lost"], lost=True)

    def _of_lab(self, lesson: Rendered, following: Rendered | None) -> Iterator[tuple[str, bytes]]:
        name, says = lesson.edition.lab.name, lesson.edition.lesson
        given: dict[str, Any] = {"lab": lesson, "description": says.summary, "spoken": lesson.edition.spoken}
        given["next_lab"] = following
        yield self._page(f"{name}/index.html", "lab.html", title=says.title, step=None, **given)
        for number, step in enumerate(lesson.steps, 1):
            before = lesson.steps[number - 2] if number > 1 else None
            after = lesson.steps[number] if number < len(lesson.steps) else None
            title = f"{step.title} · {says.title}"
            near = {"number": number, "step": step, "before": before, "after": after}
            yield self._page(f"{name}/{step.id}.html", "step.html", title=title, **near, **given)
        yield self._page(f"{name}/{WHOLE}", "whole.html", title=says.title, step=None, **given)

    def _page(self, path: str, template: str, title: str, **given: Any) -> tuple[str, bytes]:
        known: dict[str, Any] = {"lab": None, "step": None, "description": self.templates.words["about"], "lost": False}
        known |= {"spoken": self.language, "path": path, "title": title, "site": self, "whole": WHOLE} | given
        known["home"] = self._up(path)
        known["root"] = self._up(self.address(path, self.language))
        if known["lost"]:
            # The server shows it at any depth, so that only whole paths lead anywhere from it.
            base = urlsplit(self.place.url).path.strip("/")
            known["home"] = known["root"] = f"/{base}/" if base else "/"
        return self.address(path, self.language), self.templates.page(template, **known)

    def _up(self, path: str) -> str:
        return "../" * path.count("/")

    def others(self, path: str, root: str) -> list[tuple[str, str, str]]:
        """Return for each language that there is: its code, its own name, and the way to this page in it."""
        return [(one, name, f"{root}{self.address(path, one)}") for one, name in self.place.languages.items()]

    def address(self, path: str, language: str) -> str:
        """Return where a page lies on the site, in a language."""
        return path if language == ENGLISH else f"{language}/{path}"

    def titles(self, names: Sequence[str]) -> list[tuple[str, str, str]]:
        """Return the names of labs, their titles and the languages of those; labs that there are not are left out."""
        known = {lesson.edition.lab.name: lesson.edition for lesson in self.lessons}
        return [(name, known[name].lesson.title, known[name].spoken) for name in names if name in known]

    def _recorded(self) -> dict[str, Any] | None:
        """Return the results of a real check, where the lab that they are of is one of these."""
        path = paths.site_folder() / "recorded" / "check.json"
        report = json.loads(path.read_text("utf-8"))
        lesson = next((one for one in self.lessons if one.edition.lab.name == report["lab"]), None)
        if lesson is None:
            return None
        # What checks say is English, and so are the steps' titles beside it.
        steps = lesson.edition.lab.lesson.steps
        shown = [(step, [one for one in report["results"] if one["step"] == step.id]) for step in steps]
        return {**report, "steps": [(step, results) for step, results in shown if results]}
