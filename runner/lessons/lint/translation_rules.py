"""Translated lessons."""

from __future__ import annotations

from collections.abc import Iterator

from runner import paths
from runner.lessons import translation
from runner.lessons.lint.context import LintContext
from runner.lessons.problems import Problem


def outdated_translations(context: LintContext) -> Iterator[Problem]:
    """A translation is based on the current English lesson."""
    digest = translation.hash_english_lesson(context.folder)
    for page in context.translations:
        if page.has_valid_front_matter and page.front_matter["translates"] != digest:
            message = f"lesson.md has changed since this translation; revise it, then write 'translates: {digest}'"
            yield Problem(page.path, page.find_front_matter_line_number("translates"), message)


def untranslated_site_texts(context: LintContext) -> Iterator[Problem]:
    """The lesson site has texts in every language into which the lesson is translated."""
    for page in context.translations:
        language = page.path.name.split(".")[1]
        if not (paths.site_folder() / "translations" / f"{language}.yaml").is_file():
            message = f"the site has no texts in '{language}'; create site/translations/{language}.yaml"
            yield Problem(page.path, 1, message)
