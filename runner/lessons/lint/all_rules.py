"""The list of all lint rules: functions that yield the problems of a lab, and whose docstrings say what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runner.lessons.lint.block_rules import blocks
from runner.lessons.lint.capture_rules import captures
from runner.lessons.lint.check_rules import checks
from runner.lessons.lint.context import LintContext
from runner.lessons.lint.hint_rules import hints
from runner.lessons.lint.homoglyphs import homoglyphs
from runner.lessons.lint.image_rules import images_without_recipe, undeclared_images
from runner.lessons.lint.invisible_chars import invisible_chars
from runner.lessons.lint.link_rules import links
from runner.lessons.lint.prerequisites import prerequisites
from runner.lessons.lint.shell_syntax import shell_syntax
from runner.lessons.lint.step_rules import near_misses_without_check, solutions, steps
from runner.lessons.lint.translation_rules import translations
from runner.lessons.lint.unknown_files import lab_name, unknown_files
from runner.lessons.lint.value_rules import values
from runner.lessons.problems import Problem

Rule = Callable[[LintContext], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    steps,
    solutions,
    near_misses_without_check,
    checks,
    hints,
    blocks,
    captures,
    shell_syntax,
    homoglyphs,
    invisible_chars,
    links,
    undeclared_images,
    images_without_recipe,
    prerequisites,
    lab_name,
    unknown_files,
    translations,
    values,
)
