"""Lint labs: check them against all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from runner import paths
from runner.lessons import catalog, markdown_page, parse
from runner.lessons.lint import check_file_reader
from runner.lessons.lint.all_rules import RULES
from runner.lessons.lint.context import LintContext
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.problems import BrokenLessonError, Problem, sort_problems


def lint_labs(names: Iterable[str]) -> tuple[Problem, ...]:
    """Return all problems of some labs, by file and line.

    Args:
        names: The names of existing labs.

    Raises:
        HostError: bash, which checks the syntax of commands, is not installed.

    """
    prerequisites = _load_prerequisites()
    problems = (problem for name in names for problem in _lint_lab(paths.labs_folder() / name, prerequisites))
    return sort_problems(problems)


def _lint_lab(folder: Path, prerequisites: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    problems: list[Problem] = []
    try:
        context = _create_context(folder, prerequisites, problems)
    except BrokenLessonError as error:
        yield from error.problems
        return
    for page in context.all_markdown_pages:
        yield from page.problems
    yield from problems
    for rule in RULES:
        yield from rule(context)


def _create_context(folder: Path, prerequisites: Mapping[str, tuple[str, ...]], problems: list[Problem]) -> LintContext:
    lesson_page, lab = parse.parse_lab_leniently(folder)

    def read_near_miss(path: Path) -> MarkdownPage:
        return parse.parse_near_miss_page_leniently(path, lab, lesson_page.node_names)

    def read_page(path: Path) -> MarkdownPage:
        return markdown_page.read_page(path, lab.name, node_names=lesson_page.node_names, values=lab.values)

    return LintContext(
        name=lab.name,
        folder=folder,
        lesson=lab.lesson,
        page=lesson_page,
        translations=tuple(_read_pages(read_page, lab.translation_paths, problems)),
        near_misses=tuple(_read_pages(read_near_miss, lab.near_miss_paths, problems)),
        solutions=tuple(_read_pages(read_page, lab.solution_paths, problems)),
        check_file=check_file_reader.read_check_file(paths.checks_file(lab.name)),
        prerequisites=prerequisites,
        is_built_in=paths.uses_built_in_labs(),
    )


def _read_pages(
    read: Callable[[Path], MarkdownPage], files: Iterable[Path], problems: list[Problem]
) -> Iterator[MarkdownPage]:
    for file in files:
        try:
            yield read(file)
        except BrokenLessonError as error:
            problems += error.problems


def _load_prerequisites() -> dict[str, tuple[str, ...]]:
    """Return the prerequisites of each lab; none for a lab that cannot be read, which is reported elsewhere."""
    prerequisites: dict[str, tuple[str, ...]] = {}
    for name in catalog.list_lab_names():
        try:
            prerequisites[name] = catalog.load_lab(name).lesson.prerequisites
        except BrokenLessonError:
            prerequisites[name] = ()
    return prerequisites
