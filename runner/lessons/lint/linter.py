"""Holds labs against all rules."""

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
    """Return all that is wrong with some labs, by file and line.

    Args:
        names: Labs that there are.

    Raises:
        HostError: There is no bash to read commands with.

    """
    after = _after()
    return sort_problems(problem for name in names for problem in _of_lab(paths.labs_folder() / name, after))


def _of_lab(folder: Path, after: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    problems: list[Problem] = []
    try:
        subject = _subject(folder, after, problems)
    except BrokenLessonError as error:
        yield from error.problems
        return
    for read in subject.pages:
        yield from read.problems
    yield from problems
    for rule in RULES:
        yield from rule(subject)


def _subject(folder: Path, after: Mapping[str, tuple[str, ...]], problems: list[Problem]) -> LintContext:
    read, lab = parse.parse_lab_leniently(folder)

    def near_miss(path: Path) -> MarkdownPage:
        return parse.parse_near_miss_page(path, lab, read.node_names)

    def plain(path: Path) -> MarkdownPage:
        return markdown_page.read_page(path, lab.name, nodes=read.node_names, given=lab.values)

    return LintContext(
        name=lab.name,
        folder=folder,
        lesson=lab.lesson,
        page=read,
        translations=tuple(_readable(plain, lab.translation_paths, problems)),
        near_misses=tuple(_readable(near_miss, lab.near_miss_paths, problems)),
        solutions=tuple(_readable(plain, lab.solution_paths, problems)),
        check_file=check_file_reader.read_check_file(paths.checks_file(lab.name)),
        prerequisites=after,
        is_built_in=paths.is_built_in(),
    )


def _readable(
    read: Callable[[Path], MarkdownPage], files: Iterable[Path], problems: list[Problem]
) -> Iterator[MarkdownPage]:
    for file in files:
        try:
            yield read(file)
        except BrokenLessonError as error:
            problems += error.problems


def _after() -> dict[str, tuple[str, ...]]:
    """Return for every lab those that come before it; none for one that cannot be read, which is told elsewhere."""
    found: dict[str, tuple[str, ...]] = {}
    for name in catalog.list_lab_names():
        try:
            found[name] = catalog.load_lab(name).lesson.prerequisites
        except BrokenLessonError:
            found[name] = ()
    return found
