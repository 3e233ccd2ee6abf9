"""Translated lessons."""

from __future__ import annotations

from collections.abc import Iterator

from runner import paths
from runner.lessons import translation
from runner.lessons.lint.context import LintContext
from runner.lessons.model import Lab
from runner.lessons.problems import BrokenLessonError, Problem


def outdated_translations(context: LintContext) -> Iterator[Problem]:
    """A translation has the same steps and blocks as the current English lesson."""
    lab = Lab(context.name, context.folder, context.lesson)
    for language in translation.list_translation_languages(context.folder):
        path = translation.build_translation_path(context.folder, language)
        try:
            page, translated = translation.parse_translation_leniently(lab, path)
        except BrokenLessonError as error:
            yield from error.problems
            continue
        yield from page.problems
        if page.has_valid_front_matter and translated.is_stale:
            digest = translation.hash_english_lesson(context.folder)
            message = f"lesson.md has changed since this translation; revise it, then write 'translates: {digest}'"
            yield Problem(path, translated.digest_line, message)
        if not (paths.site_folder() / "translations" / f"{language}.yaml").is_file():
            yield Problem(path, 1, f"the site has no texts in '{language}'; create site/translations/{language}.yaml")
