"""All rules, each a function that is given a lab and yields problems; its docstring says what it wants to be so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from runner.lessons.lint.block_rules import blocks
from runner.lessons.lint.capture_rules import captures
from runner.lessons.lint.check_rules import checked
from runner.lessons.lint.context import Subject
from runner.lessons.lint.hint_rules import hints
from runner.lessons.lint.homoglyphs import lookalikes
from runner.lessons.lint.image_rules import undeclared, without_recipe
from runner.lessons.lint.invisible_chars import hidden
from runner.lessons.lint.link_rules import links
from runner.lessons.lint.prerequisites import order
from runner.lessons.lint.shell_syntax import shell
from runner.lessons.lint.step_rules import misses, solutions, steps
from runner.lessons.lint.translation_rules import translations
from runner.lessons.lint.unknown_files import named, strays
from runner.lessons.lint.value_rules import values
from runner.lessons.problems import Problem

Rule = Callable[[Subject], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    steps,
    solutions,
    misses,
    checked,
    hints,
    blocks,
    captures,
    shell,
    lookalikes,
    hidden,
    links,
    undeclared,
    without_recipe,
    order,
    named,
    strays,
    translations,
    values,
)
