"""`labs lint`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from runner import paths, sanitize
from runner.cli import _console, _options
from runner.errors import ExitCode, UsageError
from runner.lessons import catalog

# Where a link to another page leads, which does not help in a terminal.
_LOCAL_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]+\)")


@click.command("lint")
@click.argument("labs", nargs=-1, metavar="[LAB]...", type=_options.LAB)
@click.option("--all", "lint_all", is_flag=True, help="Lint every lab.")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules with their codes, and lint nothing.")
@click.option("--explain", metavar="CODE", help="Explain one rule, and lint nothing.")
def command(labs: tuple[str, ...], lint_all: bool, list_rules: bool, explain: str | None) -> int:
    """Find problems in a lab's lesson, checks and near misses, without a cluster.

    Prints all problems, sorted, as FILE:LINE: CODE NAME: MESSAGE. Exits with 3 if there are any. To ignore a problem,
    write '# labs: ignore CODE' on the line above it, or '<!-- labs: ignore CODE -->' above it in Markdown.

    \b
    Examples:
      labs lint swarm-basics
      labs lint --all
      labs lint --explain L016
      labs --labs ~/my-labs lint --all
    """
    if list_rules or explain is not None:
        if labs or lint_all or (list_rules and explain is not None):
            raise UsageError("Cannot lint labs and explain rules at once.", "'labs lint --help' shows examples.")
        return _print_rules() if explain is None else _print_rule_page(explain)
    from runner.lessons.lint import linter

    names = _resolve_names(labs, lint_all)
    findings = linter.lint_labs(names, is_complete=lint_all)
    for finding in findings:
        line = f"{_shorten_path(finding.path)}:{finding.line}: {finding.message}"
        click.echo(sanitize.strip_control_chars(line))
    if lint_all:
        _print_missing_translations(names)
    subject = f"{len(names)} labs" if len(names) != 1 else f"'{names[0]}'"
    if findings:
        count = f"{len(findings)} problems" if len(findings) > 1 else "1 problem"
        advice = f"'labs lint --explain {findings[0].rule.code}' explains the first one."
        click.echo(f"{subject}: {count}. {advice}", err=True)
        return ExitCode.BROKEN_LAB
    click.echo(f"{subject}: no problems found.")
    return ExitCode.DONE


def _print_rules() -> int:
    from runner.lessons.lint.all_rules import RULES

    name_width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        click.echo(f"{rule.code}  {rule.name:<{name_width}}  {rule.summary}")
    return ExitCode.DONE


def _print_rule_page(code_or_name: str) -> int:
    from runner.lessons.lint.all_rules import find_rule
    from runner.lessons.terminal_markdown import LessonMarkdown

    text = paths.lint_rule_page(find_rule(code_or_name).code).read_text("utf-8")
    _console.get_stdout().print(LessonMarkdown(_LOCAL_LINK.sub(r"\1", text)), soft_wrap=False)
    return ExitCode.DONE


def _resolve_names(labs: tuple[str, ...], lint_all: bool) -> list[str]:
    if bool(labs) is lint_all:
        raise UsageError("Which labs?", "Name them, as in 'labs lint swarm-basics', or run 'labs lint --all'.")
    lab_names = catalog.list_lab_names()
    if lint_all and not lab_names:
        raise UsageError(f"There is no lab in {paths.labs_folder()}.", "'labs new NAME' creates one.")
    for name in labs:
        if name not in lab_names:
            raise catalog.create_unknown_lab_error(name)
    return lab_names if lint_all else sorted({*labs})


def _print_missing_translations(names: list[str]) -> None:
    """Print which lessons lack a translation; a lab without one still has no problems."""
    from runner.lessons import translation

    missing = translation.find_missing_translations(paths.labs_folder() / name for name in names)
    for language, folders in missing.items():
        click.echo(f"Not translated into '{language}': {', '.join(folder.name for folder in folders)}.", err=True)


def _shorten_path(path: Path) -> Path:
    """Return the shortest path that an editor or a terminal opens from the current folder."""
    current_folder = Path.cwd()
    return path.relative_to(current_folder) if path.is_relative_to(current_folder) else path
