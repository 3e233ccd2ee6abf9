"""The list of all lint rules: a rule yields the problems it is named after, and its docstring says what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runner.lessons.lint.block_rules import ignored_blocks
from runner.lessons.lint.capture_rules import unused_or_missing_captures
from runner.lessons.lint.check_rules import invalid_checks
from runner.lessons.lint.context import LintContext
from runner.lessons.lint.hint_rules import hints_for_unknown_checks
from runner.lessons.lint.homoglyphs import homoglyphs_in_commands
from runner.lessons.lint.image_rules import images_without_recipe, undeclared_images
from runner.lessons.lint.invisible_chars import invisible_chars
from runner.lessons.lint.lab_folder_rules import invalid_lab_name, unknown_files
from runner.lessons.lint.link_rules import broken_links
from runner.lessons.lint.prerequisites import missing_or_cyclic_prerequisites
from runner.lessons.lint.shell_syntax import shell_syntax_errors
from runner.lessons.lint.step_rules import incomplete_steps, near_misses_without_check, unused_solutions
from runner.lessons.lint.translation_rules import outdated_translations
from runner.lessons.lint.value_rules import unused_values
from runner.lessons.problems import Problem

Rule = Callable[[LintContext], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    incomplete_steps,
    unused_solutions,
    near_misses_without_check,
    invalid_checks,
    hints_for_unknown_checks,
    ignored_blocks,
    unused_or_missing_captures,
    shell_syntax_errors,
    homoglyphs_in_commands,
    invisible_chars,
    broken_links,
    undeclared_images,
    images_without_recipe,
    missing_or_cyclic_prerequisites,
    invalid_lab_name,
    unknown_files,
    outdated_translations,
    unused_values,
)
