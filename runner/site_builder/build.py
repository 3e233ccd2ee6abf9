"""Build the site: load every lab in every language, render it, and write the files that have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError
from runner.lessons import catalog, glossary, translation
from runner.lessons.glossary import Glossary
from runner.lessons.learner_values import fill_placeholders
from runner.lessons.links import LinkResolver
from runner.lessons.lint import check_file_reader
from runner.lessons.model import Lab
from runner.lessons.problems import BrokenLessonError, Problem
from runner.lessons.translation import ENGLISH
from runner.progress import store
from runner.site_builder import assets, docs_renderer, glossary_renderer, localization, render_cache
from runner.site_builder.docs_renderer import RenderedDocs
from runner.site_builder.glossary_renderer import GlossaryEntry
from runner.site_builder.lesson_renderer import LessonRenderer, RenderedLesson
from runner.site_builder.localization import LocalizedLab, TranslationState
from runner.site_builder.page_renderer import PageRenderer, SiteSettings
from runner.site_builder.templates import SiteTemplates
from runner.storage.output_dir import ManagedDirectory, WriteSummary


def build_site(
    out: Path, *, url: str = "", live: bool = False, generated_docs: Mapping[str, str] | None = None
) -> WriteSummary:
    """Write the site to a folder.

    Args:
        out: The folder; it is empty or missing, or contains an earlier build.
        url: The address where the site will be published, for absolute links; may be empty.
        live: Whether pages connect to `labs site serve`, to show progress and reload after a change.
        generated_docs: The generated texts of the documentation, by name; None for a site without documentation.

    Raises:
        BrokenLabError: Lessons, the glossary or the documentation are broken; the message lists every problem as
            `file:line: message`.
        UsageError: The folder contains files that no build has written.
        OSError: The folder cannot be written to.

    """
    folder = ManagedDirectory(out, ".labs-site.json", "a lesson site", "Name an empty folder with --out.")
    folder.check_ownership()
    return folder.write_files(render_site_files(url=url, live=live, generated_docs=generated_docs))


def render_site_files(
    *, url: str = "", live: bool = False, generated_docs: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """Return the content of the site's files, by their paths on the site.

    Args:
        url: As for `build_site`.
        live: As for `build_site`.
        generated_docs: As for `build_site`.

    Raises:
        BrokenLabError: As for `build_site`.

    """
    # A published site shows every reader the same values; `labs site serve` shows the learner's values.
    labs = localization.load_all_labs(store.load_lab_for_recorded_learner if live else catalog.load_lab)
    renderer = _LanguageRenderer(labs)
    languages = translation.list_site_languages(lab.folder for lab in labs)
    contents = {language: renderer.render_language(language) for language in languages}
    docs = RenderedDocs()
    if generated_docs is not None:
        docs = docs_renderer.render_docs(generated_docs, localization.list_step_ids(labs), renderer.problems)
    if renderer.problems:
        raise localization.create_build_error(renderer.problems)
    names = {language: content.templates.texts["language"] for language, content in contents.items()}
    settings = SiteSettings(url.rstrip("/"), live, names)
    files: dict[str, bytes] = {}
    for language, content in contents.items():
        pages = PageRenderer(settings, language, content.templates, content.glossary_entries, content.lessons, docs)
        _add_files(files, pages.render_pages())
        index = assets.render_search_index_script(pages, content.glossary)
        _add_files(files, [(f"assets/search.{language}.js", index)])
    linked_files = {**renderer.linked_files, **docs.linked_files}
    _add_files(files, ((name, path.read_bytes()) for name, path in linked_files.items()))
    _add_files(files, assets.read_assets())
    _add_files(files, assets.render_seo_files(settings, files))
    return files


@dataclass(frozen=True, slots=True)
class _LanguageContent:
    """Everything that the pages of one language are rendered from."""

    templates: SiteTemplates
    glossary: Glossary
    glossary_entries: Sequence[GlossaryEntry]
    lessons: Sequence[RenderedLesson]


@dataclass(frozen=True, slots=True)
class _LanguageRenderer:
    """Renders the lessons of one language after another; English must come first.

    Attributes:
        labs: All labs.
        linked_files: The files that lessons link to, by their path on the site; rendering adds to them.
        english_lessons: The rendered English lessons, by lab name.
        problems: Everything that is wrong with lessons and glossaries; rendering adds to it.

    """

    labs: Sequence[Lab]
    linked_files: dict[str, Path] = field(default_factory=dict)
    english_lessons: dict[str, RenderedLesson] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def render_language(self, language: str) -> _LanguageContent:
        templates = SiteTemplates(language)
        terms, problems = glossary.load_glossary(language)
        self.problems.extend(problems)
        entries = tuple(glossary_renderer.render_glossary_entries(terms, self.problems))
        step_ids = localization.list_step_ids(self.labs)
        shared_digest = render_cache.hash_shared_inputs(templates.texts, terms, step_ids)
        lessons = []
        for lab in self.labs:
            localized = self._localize_lab(lab, language)
            root_path = "../" if language == ENGLISH else "../../"
            links = LinkResolver(
                lab.name, localized.source_file, paths.labs_folder(), step_ids, terms.term_ids, root_path
            )
            lessons.append(self._render_lesson(localized, templates, links, terms, shared_digest))
        return _LanguageContent(templates, terms, entries, lessons)

    def _render_lesson(
        self,
        localized: LocalizedLab,
        templates: SiteTemplates,
        links: LinkResolver,
        terms: Glossary,
        shared_digest: bytes,
    ) -> RenderedLesson:
        lab = localized.lab
        checks = check_file_reader.read_check_file(paths.checks_file(lab.name)).checks
        descriptions = {check.name: fill_placeholders(check.says.rstrip("."), lab.values) for check in checks}
        renderer = LessonRenderer(localized, templates, links, terms, descriptions)
        rendered = render_cache.load_or_render_lesson(renderer, self.english_lessons.get(lab.name), shared_digest)
        self.linked_files.update(links.linked_files)
        if localized.language == ENGLISH:
            self.english_lessons[lab.name] = rendered
        # An untranslated lesson is the English one, whose problems are already in the list.
        if localized.translation_state is not TranslationState.MISSING:
            self.problems.extend(rendered.problems)
        return rendered

    def _localize_lab(self, lab: Lab, language: str) -> LocalizedLab:
        try:
            return localization.localize_lab(lab, language)
        except BrokenLessonError as error:
            # The site will not be built, but rendering continues with the English lesson to find all other problems.
            self.problems.extend(error.problems)
            return localization.localize_lab(lab, ENGLISH)


def _add_files(files: dict[str, bytes], new_files: Iterable[tuple[str, bytes]]) -> None:
    for name, data in new_files:
        if name in files:
            message = f"Two pages of the site have the same path: {name}."
            raise BrokenLabError(message, "Rename the lab or the step.")
        files[name] = data
