"""`labs lint`."""

from __future__ import annotations

from pathlib import Path

import click

from runner import paths, sanitize
from runner.cli import _options
from runner.errors import ExitCode, UsageError
from runner.lessons import catalog
from runner.lessons.problems import Problem


@click.command("lint")
@click.argument("labs", nargs=-1, metavar="[LAB]...", type=_options.LAB)
@click.option("--all", "lint_all", is_flag=True, help="Lint every lab.")
def command(labs: tuple[str, ...], lint_all: bool) -> int:
    """Find problems in a lab's lesson, checks and near misses, without a cluster.

    Prints all problems, sorted, as FILE:LINE: MESSAGE. Exits with 3 if there are any.

    \b
    Examples:
      labs lint swarm-basics
      labs lint --all
      labs --labs ~/my-labs lint --all
    """
    from runner.lessons.lint import linter

    names = _resolve_names(labs, lint_all)
    problems = linter.lint_labs(names)
    for problem in problems:
        line = f"{_shorten_path(problem)}:{problem.line}: {problem.message}"
        click.echo(sanitize.strip_control_chars(line))
    if lint_all:
        _print_missing_translations(names)
    subject = f"{len(names)} labs" if len(names) != 1 else f"'{names[0]}'"
    if problems:
        count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
        advice = "Fix them, then lint again; 'labs verify LAB' tests the rest on real nodes."
        click.echo(f"{subject}: {count}. {advice}", err=True)
        return ExitCode.BROKEN_LAB
    click.echo(f"{subject}: no problems found.")
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


def _shorten_path(problem: Problem) -> Path:
    """Return the shortest path that an editor or a terminal opens from the current folder."""
    current_folder = Path.cwd()
    is_below = problem.path.is_relative_to(current_folder)
    return problem.path.relative_to(current_folder) if is_below else problem.path
