"""Lint labs: check them against all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from runner import paths
from runner.lessons import catalog, markdown_page, parse, translation
from runner.lessons.lint import check_file_reader, ignore_comments
from runner.lessons.lint.all_rules import INVALID_FILE, INVALID_IGNORE, LAB_RULES, RULES, UNUSED_IGNORE
from runner.lessons.lint.context import LintContext, read_text_files
from runner.lessons.lint.rule import Finding, sort_findings
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.problems import BrokenLessonError, Problem


def lint_labs(names: Iterable[str]) -> tuple[Finding, ...]:
    """Return what all rules find in some labs, by file and line.

    Args:
        names: The names of existing labs.

    Raises:
        HostError: bash, which checks the syntax of commands, is not installed.

    """
    prerequisites = _load_prerequisites()
    return sort_findings(finding for name in names for finding in _lint_lab(paths.labs_folder() / name, prerequisites))


def _lint_lab(folder: Path, prerequisites: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    try:
        context = _create_context(folder, prerequisites)
    except BrokenLessonError as error:
        yield from (Finding(INVALID_FILE, problem) for problem in error.problems)
        return
    findings = [Finding(rule, problem) for rule in LAB_RULES for problem in rule.find_problems(context)]
    comments = context.ignore_comments
    yield from (finding for finding in findings if not any(comment.ignores(finding) for comment in comments))
    yield from (Finding(INVALID_IGNORE, problem) for problem in INVALID_IGNORE.find_problems(context, RULES))
    unused = UNUSED_IGNORE.find_problems(comments, findings, RULES)
    yield from (Finding(UNUSED_IGNORE, problem) for problem in unused)


def _create_context(folder: Path, prerequisites: Mapping[str, tuple[str, ...]]) -> LintContext:
    lesson_page, lab = parse.parse_lab_leniently(folder)

    def read_near_miss(path: Path) -> MarkdownPage:
        return parse.parse_near_miss_page_leniently(path, lab, lesson_page.node_names)

    def read_solution(path: Path) -> MarkdownPage:
        return markdown_page.read_page(path, lab.name, node_names=lesson_page.node_names, values=lab.values)

    def read_translation(path: Path) -> MarkdownPage:
        return translation.parse_translation_leniently(lab, path)[0]

    problems: list[Problem] = []
    translations = tuple(_read_pages(read_translation, lab.translation_paths, problems))
    near_misses = tuple(_read_pages(read_near_miss, lab.near_miss_paths, problems))
    solutions = tuple(_read_pages(read_solution, lab.solution_paths, problems))
    check_file = check_file_reader.read_check_file(paths.checks_file(lab.name))
    text_files = tuple(read_text_files(folder, check_file.path))
    pages = (lesson_page, *translations, *near_misses, *solutions)
    return LintContext(
        name=lab.name,
        folder=folder,
        lesson=lab.lesson,
        page=lesson_page,
        translations=translations,
        near_misses=near_misses,
        solutions=solutions,
        check_file=check_file,
        prerequisites=prerequisites,
        parse_problems=tuple(problems),
        text_files=text_files,
        ignore_comments=ignore_comments.find_ignore_comments(pages, text_files),
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
