"""`labs grade bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli import _console, _options
from runner.clusters import selection
from runner.grading import bundles
from runner.grading.bundles.base import BundleSettings
from runner.grading.job import find_hidden_checks
from runner.lessons import catalog

# An autograder is ended after ten minutes on Gradescope, if not told otherwise, and after fifteen on Classroom 50.
_SECONDS = 400


@click.command("bundle")
@click.argument("kind", type=click.Choice(sorted(bundles.BUNDLE_FORMATS)))
@click.option("--lab", type=_options.LAB, required=True, help="The lab that submissions are for.")
@_options.driver_option
@_options.time_limit_option(_SECONDS)
@_options.hidden_checks_option
@click.option(
    "--parts",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What 'labs images export' has written, to be taken along; otherwise it is built on the other side.",
)
@click.option("--seed", metavar="WORD", help="Each has values of their own, drawn with this word, as for 'labs grade'.")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH", help="Where to write it.")
def command(
    kind: str,
    lab: str,
    driver: str | None,
    time_limit: int,
    checks: Path | None,
    parts: Path | None,
    seed: str | None,
    out: Path | None,
) -> int:
    """Make what another autograder needs to grade a lab: labs as it is here, the lab, and your hidden checks.

    For 'gradescope' that is a zip file to upload, for 'classroom50' a folder to commit. A folder of yours with the name
    'bundle' is graded as './bundle'.

    \b
    Examples:
      labs grade bundle gradescope --lab swarm-basics
      labs grade bundle gradescope --lab swarm-basics --checks hidden --parts labs.parts --out swarm.zip
      labs grade bundle classroom50 --lab swarm-basics --out autograders/swarm-basics
    """
    catalog.load_lab(lab)
    made = bundles.BUNDLE_FORMATS[kind]
    chosen = selection.load_driver(driver or selection.get_default_driver_name(has_engine=made.has_engine)).name
    target = out or Path(made.default_output)
    bundles.write_bundle(
        kind, BundleSettings(lab, chosen, time_limit, seed), target, hidden=find_hidden_checks(checks, lab), parts=parts
    )
    _console.get_stdout().print(f"Written to {target}.", style="green", markup=False)
    _console.get_stdout().print(made.next_step, markup=False)
    return 0


class GradeOrBundleCommand(click.Command):
    """`labs grade`; where its first word is 'bundle', it is that command instead."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments with the command that they are for."""
        if args[:1] == [command.name]:
            return command.make_context(f"{info_name} {command.name}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)
