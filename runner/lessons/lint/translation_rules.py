"""Lessons in other languages."""

from __future__ import annotations

from collections.abc import Iterator

from runner import paths
from runner.lessons import translation
from runner.lessons.lint.context import LintContext
from runner.lessons.model import Lab
from runner.lessons.problems import BrokenLessonError, Problem


def translations(subject: LintContext) -> Iterator[Problem]:
    """A translation says the same as the English lesson as it is today."""
    lab = Lab(subject.name, subject.folder, subject.lesson)
    for language in translation.list_languages(subject.folder):
        path = translation.translation_path(subject.folder, language)
        try:
            page, found = translation.parse_translation_leniently(lab, path)
        except BrokenLessonError as error:
            yield from error.problems
            continue
        yield from page.problems
        if page.has_valid_front_matter and found.is_stale:
            now = translation.hash_lesson(subject.folder)
            yield Problem(
                path, found.digest_line, f"lesson.md has changed since; if this is up to date again, say {now}"
            )
        if not (paths.site_folder() / "translations" / f"{language}.yaml").is_file():
            yield Problem(path, 1, f"the site has no texts in '{language}'; create site/translations/{language}.yaml")
