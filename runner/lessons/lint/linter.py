"""Lint labs: check them against all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from runner import paths
from runner.lessons import catalog, markdown_page, parse, resolved_lesson, translation
from runner.lessons.lint import check_file_reader, ignore_comments, lab_tree
from runner.lessons.lint.all_rules import INVALID_FILE, INVALID_IGNORE, LAB_RULES, RULES, UNUSED_IGNORE
from runner.lessons.lint.context import LintContext, read_text_files
from runner.lessons.lint.lab_tree import LabTree
from runner.lessons.lint.rule import Finding, sort_findings
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import Lab, Lesson
from runner.lessons.problems import BrokenLessonError, Problem
from runner.lessons.resolved_lesson import ResolvedLesson


def lint_labs(names: Iterable[str], *, is_complete: bool = False) -> tuple[Finding, ...]:
    """Return what all rules find in some labs, by file and line.

    Args:
        names: The names of existing labs.
        is_complete: Whether these are all labs, so that folders which only look like labs are reported, too.

    Raises:
        HostError: bash, which checks the syntax of commands, is not installed.

    """
    tree = lab_tree.load_lab_tree()
    findings = [finding for name in names for finding in _lint_lab(paths.labs_folder() / name, tree)]
    if is_complete:
        findings += (Finding(INVALID_FILE, problem) for problem in catalog.find_folders_without_lesson())
    return sort_findings(findings)


def _lint_lab(folder: Path, tree: LabTree) -> Iterator[Finding]:
    try:
        context = _create_context(folder, tree)
    except BrokenLessonError as error:
        yield from (Finding(INVALID_FILE, problem) for problem in error.problems)
        return
    findings = [Finding(rule, problem) for rule in LAB_RULES for problem in rule.find_problems(context)]
    comments = context.ignore_comments
    yield from (finding for finding in findings if not any(comment.ignores(finding) for comment in comments))
    yield from (Finding(INVALID_IGNORE, problem) for problem in INVALID_IGNORE.find_problems(context, RULES))
    unused = UNUSED_IGNORE.find_problems(comments, findings, RULES)
    yield from (Finding(UNUSED_IGNORE, problem) for problem in unused)


def _create_context(folder: Path, tree: LabTree) -> LintContext:
    lesson_page, lab = parse.parse_lab_leniently(folder)

    def read_near_miss(path: Path) -> MarkdownPage:
        return parse.parse_near_miss_page_leniently(path, lab, lesson_page.node_names)

    def read_solution(path: Path) -> MarkdownPage:
        return markdown_page.read_page(path, lab.name, node_names=lesson_page.node_names, values=lab.values)

    translated_lessons: dict[Path, Lesson] = {}

    def read_translation(path: Path) -> MarkdownPage:
        page, translated = translation.parse_translation_leniently(lab, path)
        translated_lessons[path] = translated.lesson
        return page

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
        tree=tree,
        resolved_lessons=tuple(_resolve_lessons(lab, translated_lessons, tree)),
        parse_problems=tuple(problems),
        text_files=text_files,
        ignore_comments=ignore_comments.find_ignore_comments(pages, text_files),
        is_built_in=paths.uses_built_in_labs(),
    )


def _resolve_lessons(lab: Lab, translated_lessons: Mapping[Path, Lesson], tree: LabTree) -> Iterator[ResolvedLesson]:
    original = _resolve_lesson(lab, lab.folder / "lesson.md", lab.lesson, tree, ())
    yield original
    for path, lesson in translated_lessons.items():
        yield _resolve_lesson(lab, path, lesson, tree, original.heading_ids)


def _resolve_lesson(
    lab: Lab, path: Path, lesson: Lesson, tree: LabTree, heading_ids: Sequence[Sequence[str]]
) -> ResolvedLesson:
    return resolved_lesson.resolve_lesson(lesson, tree.create_link_resolver(lab.name, path), heading_ids)


def _read_pages(
    read: Callable[[Path], MarkdownPage], files: Iterable[Path], problems: list[Problem]
) -> Iterator[MarkdownPage]:
    for file in files:
        try:
            yield read(file)
        except BrokenLessonError as error:
            problems += error.problems
