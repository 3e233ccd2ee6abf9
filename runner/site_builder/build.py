"""Builds the whole site: reads every lab in every language, renders it, and writes what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError
from runner.lessons import catalog
from runner.lessons.lint import check_file_reader
from runner.lessons.model import Lab
from runner.lessons.problems import BrokenLessonError, Problem
from runner.lessons.learner_values import fill_placeholders
from runner.progress import store
from runner.site_builder import assets, glossary, localization, render_cache
from runner.site_builder.glossary import Glossary
from runner.site_builder.lesson_renderer import RenderedLesson, LessonRenderer
from runner.site_builder.links import LinkResolver
from runner.site_builder.localization import ENGLISH, LocalizedLab, TranslationState
from runner.site_builder.page_writer import SiteSettings, PageRenderer
from runner.site_builder.templates import SiteTemplates
from runner.site_builder.terms import GlossaryEntry, render_glossary
from runner.storage.output_dir import ManagedDirectory, Written


def build_site(out: Path, *, url: str = "", live: bool = False) -> Written:
    """Write the site to a folder.

    Args:
        out: The folder; it is empty or missing, or holds an earlier build.
        url: Where the site will be published, for what must name whole addresses; may be empty.
        live: Whether pages listen to the server that shows them.

    Raises:
        BrokenLabError: With everything that keeps the site from being built, as `file:line: message`.
        UsageError: The folder holds what is not ours.
        OSError: It cannot be written to.

    """
    folder = ManagedDirectory(out, ".labs-site.json", "no site was built from", "Name an empty folder with --out.")
    folder.claim()
    return folder.write(render_site(url=url, live=live))


def render_site(*, url: str = "", live: bool = False) -> dict[str, bytes]:
    """Return the site's files, by their paths in it.

    Raises:
        BrokenLabError: With everything that keeps the site from being built, as `file:line: message`.

    """
    # What is published is for everybody; who has it shown beside their nodes has values of their own.
    labs = localization.load_labs(store.load_learner_lab if live else catalog.load_lab)
    tongues = localization.list_languages(labs)
    reader = _Reader(labs)
    read = {language: reader.language(language) for language in tongues}
    if reader.problems:
        raise localization.build_error(reader.problems)
    names = {language: templates.texts["language"] for language, (templates, *_) in read.items()}
    place = SiteSettings(url.rstrip("/"), live, names)
    found: dict[str, bytes] = {}
    for language, (templates, terms, entries, lessons) in read.items():
        sheets = PageRenderer(place, language, templates, entries, lessons)
        _add(found, sheets.render_pages())
        _add(found, [(f"assets/search.{language}.js", assets.build_search_index(language, templates.texts, terms, lessons))])
    _add(found, ((name, path.read_bytes()) for name, path in reader.files.items()))
    _add(found, assets.read_assets())
    _add(found, assets.render_seo_files(place, found))
    return found


_Language = tuple[SiteTemplates, Glossary, Sequence[GlossaryEntry], Sequence[RenderedLesson]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads and renders lessons, English first.

    Attributes:
        labs: All labs.
        files: The files that lessons lead to; found ones are added.
        english: The lessons in English, by their labs' names; found ones are added.
        problems: What is wrong; found problems are added.

    """

    labs: Sequence[Lab]
    files: dict[str, Path] = field(default_factory=dict)
    english: dict[str, RenderedLesson] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def language(self, language: str) -> _Language:
        templates = SiteTemplates(language)
        terms = _glossary(language, self.problems)
        entries = tuple(render_glossary(terms, self.problems))
        steps = {one.name: frozenset(step.id for step in one.lesson.steps) for one in self.labs}
        basis = render_cache.compute_shared_digest(templates.texts, terms, steps)
        lessons = []
        for lab in self.labs:
            edition = self._edition(lab, language)
            way = "../" if language == ENGLISH else "../../"
            links = LinkResolver(lab.name, edition.source_file, paths.labs_folder(), steps, terms.term_ids, way)
            lessons.append(self._lesson(edition, templates, links, terms, basis))
        return templates, terms, entries, lessons

    def _lesson(self, edition: LocalizedLab, templates: SiteTemplates, links: LinkResolver, terms: Glossary, basis: bytes) -> RenderedLesson:
        lab = edition.lab
        found = check_file_reader.read_check_file(paths.checks_file(lab.name)).checks
        says = {check.name: fill_placeholders(check.says.rstrip("."), lab.values) for check in found}
        renderer = LessonRenderer(edition, templates, links, terms, says)
        rendered = render_cache.render_lesson_cached(renderer, self.english.get(lab.name), basis)
        self.files.update(links.linked_files)
        if edition.language == ENGLISH:
            self.english[lab.name] = rendered
        # What is wrong with a lesson is not told again for each language that it is missing in.
        self.problems.extend([] if edition.translation_state is TranslationState.MISSING else rendered.problems)
        return rendered

    def _edition(self, lab: Lab, language: str) -> LocalizedLab:
        try:
            return localization.localize_lab(lab, language)
        except BrokenLessonError as error:
            # Shown by nobody: with a problem there will be no site. All others shall be told too.
            self.problems.extend(error.problems)
            return localization.localize_lab(lab, ENGLISH)


def _glossary(language: str, problems: list[Problem]) -> Glossary:
    folder = paths.labs_folder()
    path = folder / ("glossary.md" if language == ENGLISH else f"glossary.{language}.md")
    found, wrong = glossary.parse_glossary(path if path.exists() else folder / "glossary.md")
    problems += wrong
    return found


def _add(files: dict[str, bytes], more: Iterator[tuple[str, bytes]] | Sequence[tuple[str, bytes]]) -> None:
    for name, data in more:
        if name in files:
            message = f"Two pages of the site would lie at {name}."
            raise BrokenLabError(message, "Give the lab or the step another name.")
        files[name] = data
