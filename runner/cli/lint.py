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
@click.option("--all", "everything", is_flag=True, help="Look at every lab there is.")
def command(labs: tuple[str, ...], everything: bool) -> int:
    """Find what is wrong with a lab's lesson, checks and near misses, without a cluster.

    Everything at once, sorted, as FILE:LINE: MESSAGE. Exits with 3 if anything is wrong.

    \b
    Examples:
      labs lint swarm-basics
      labs lint --all
      labs --labs ~/my-labs lint --all
    """
    from runner.lessons.lint import linter

    names = _wanted(labs, everything)
    problems = linter.lint_labs(names)
    for problem in problems:
        click.echo(sanitize.strip_control_chars(f"{_shown(problem)}:{problem.line}: {problem.message}"))
    if everything:
        _tell_missing(names)
    many = f"{len(names)} labs" if len(names) != 1 else f"'{names[0]}'"
    if problems:
        count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
        click.echo(f"{many}: {count}. Mend, then lint again; 'labs verify LAB' tries the rest on real nodes.", err=True)
        return ExitCode.BROKEN_LAB
    click.echo(f"{many}, nothing to mend.")
    return ExitCode.DONE


def _wanted(labs: tuple[str, ...], everything: bool) -> list[str]:
    if bool(labs) is everything:
        raise UsageError("Which labs?", "Name them, as in 'labs lint swarm-basics', or type 'labs lint --all'.")
    known = catalog.list_lab_names()
    if everything and not known:
        raise UsageError(f"There is no lab in {paths.labs_folder()}.", "'labs new NAME' makes one.")
    for name in labs:
        if name not in known:
            raise catalog.unknown_lab_error(name)
    return known if everything else sorted({*labs})


def _tell_missing(names: list[str]) -> None:
    """Tell which lessons wait for a translator; that they do is nothing to mend."""
    from runner.lessons import translation

    for language, labs in translation.find_missing_translations(paths.labs_folder() / name for name in names).items():
        click.echo(f"Not translated into '{language}': {', '.join(lab.name for lab in labs)}.", err=True)


def _shown(problem: Problem) -> Path:
    """Return the shortest path that an editor or a terminal opens from here."""
    here = Path.cwd()
    return problem.path.relative_to(here) if problem.path.is_relative_to(here) else problem.path
