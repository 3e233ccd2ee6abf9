"""The list of all lint rules. A code is never given to another rule; new rules are added at the end."""

from __future__ import annotations

from runner.errors import UsageError
from runner.lessons.lint import (
    block_rules,
    capture_rules,
    check_rules,
    file_rules,
    glossary_rules,
    heading_rules,
    hint_rules,
    homoglyphs,
    html_rules,
    ignore_rules,
    image_rules,
    invisible_chars,
    lab_folder_rules,
    link_rules,
    prerequisites,
    prompt_rules,
    shell_syntax,
    step_rules,
    translation_rules,
    value_rules,
)
from runner.lessons.lint.rule import LintRule

INVALID_FILE = LintRule("L001", "invalid-file", file_rules.invalid_files, can_be_ignored=False)
UNUSED_IGNORE = LintRule("L002", "unused-ignore", ignore_rules.unused_ignores, can_be_ignored=False)
INVALID_IGNORE = LintRule("L003", "invalid-ignore", ignore_rules.invalid_ignores, can_be_ignored=False)
LAB_RULES = (
    INVALID_FILE,
    LintRule("L004", "step-without-check", step_rules.steps_without_check),
    LintRule("L005", "step-without-hint", step_rules.steps_without_hint),
    LintRule("L006", "step-without-command", step_rules.steps_without_command),
    LintRule("L007", "unused-solution", step_rules.unused_solutions),
    LintRule("L008", "near-miss-without-check", step_rules.near_misses_without_check),
    LintRule("L009", "check-without-step", check_rules.checks_without_step),
    LintRule("L010", "check-without-docstring", check_rules.checks_without_docstring),
    LintRule("L011", "duplicate-check", check_rules.duplicate_checks),
    LintRule("L012", "unknown-hint-check", hint_rules.unknown_hint_checks),
    LintRule("L013", "ignored-block", block_rules.ignored_blocks),
    LintRule("L014", "unknown-placeholder", capture_rules.unknown_placeholders),
    LintRule("L015", "unused-capture", capture_rules.unused_captures),
    LintRule("L016", "shell-syntax-error", shell_syntax.shell_syntax_errors),
    LintRule("L017", "homoglyph", homoglyphs.homoglyphs_in_commands),
    LintRule("L018", "invisible-character", invisible_chars.invisible_chars),
    LintRule("L019", "broken-link", link_rules.broken_links),
    LintRule("L020", "undeclared-image", image_rules.undeclared_images),
    LintRule("L021", "image-without-recipe", image_rules.images_without_recipe),
    LintRule("L022", "invalid-prerequisite", prerequisites.invalid_prerequisites),
    LintRule("L023", "invalid-lab-name", lab_folder_rules.invalid_lab_name),
    LintRule("L024", "unknown-file", lab_folder_rules.unknown_files),
    LintRule("L025", "outdated-translation", translation_rules.outdated_translations),
    LintRule("L026", "untranslated-site", translation_rules.untranslated_site_texts),
    LintRule("L027", "unused-value", value_rules.unused_values),
    LintRule("L028", "unknown-value", value_rules.unknown_values),
    LintRule("L029", "prompt-in-command", prompt_rules.prompts_in_commands),
    LintRule("L030", "html-in-text", html_rules.html_in_text),
    LintRule("L031", "invalid-heading", heading_rules.invalid_headings, can_be_ignored=False),
    LintRule("L032", "invalid-glossary", glossary_rules.invalid_glossary, can_be_ignored=False),
)
RULES: tuple[LintRule, ...] = tuple(sorted((*LAB_RULES, UNUSED_IGNORE, INVALID_IGNORE), key=lambda rule: rule.code))


def find_rule(code_or_name: str) -> LintRule:
    """Return the rule with a code or a name.

    Raises:
        UsageError: There is no such rule.

    """
    for rule in RULES:
        if code_or_name.casefold() in (rule.code.casefold(), rule.name):
            return rule
    raise UsageError(f"There is no lint rule '{code_or_name}'.", "'labs lint --rules' lists them.")
