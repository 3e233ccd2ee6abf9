"""`labs grade bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli import _console, _options
from runner.clusters import selection
from runner.grading import bundles
from runner.grading.bundles.bundle_format import BundleSettings
from runner.grading.job import find_hidden_checks_file
from runner.lessons import catalog

# Gradescope ends an autograder after ten minutes by default, and Classroom 50 after fifteen.
_TIME_LIMIT_SECONDS = 400


@click.command("bundle")
@click.argument("format_name", type=click.Choice(sorted(bundles.BUNDLE_FORMATS)))
@click.option("--lab", type=_options.LAB, required=True, help="The lab that submissions are for.")
@_options.driver_option
@_options.time_limit_option(_TIME_LIMIT_SECONDS)
@_options.hidden_checks_option
@click.option(
    "--artifacts",
    "artifacts",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Include a file from 'labs images export'; otherwise the autograder builds the images itself.",
)
@click.option("--seed", metavar="WORD", help="Draw each learner's values with this word, as in 'labs grade'.")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH", help="The file or folder to write.")
def command(
    format_name: str,
    lab: str,
    driver: str | None,
    time_limit: int,
    checks: Path | None,
    artifacts: Path | None,
    seed: str | None,
    out: Path | None,
) -> int:
    """Create an autograder for another platform: this version of labs, the lab, and your hidden checks.

    For 'gradescope' it is a zip file to upload, for 'classroom50' a folder to commit. To grade a folder
    with the name 'bundle', run 'labs grade ./bundle'.

    \b
    Examples:
      labs grade bundle gradescope --lab swarm-basics
      labs grade bundle gradescope --lab swarm-basics --checks hidden --artifacts labs-artifacts.tar.gz --out swarm.zip
      labs grade bundle classroom50 --lab swarm-basics --out autograders/swarm-basics
    """
    catalog.load_lab(lab)
    bundle_format = bundles.BUNDLE_FORMATS[format_name]
    default_driver = selection.get_driver_name_for_other_host(has_engine=bundle_format.has_engine)
    driver_name = selection.load_driver(driver or default_driver).name
    target = out or Path(bundle_format.default_output)
    settings = BundleSettings(lab, driver_name, time_limit, seed)
    hidden_checks = find_hidden_checks_file(checks, lab)
    bundles.write_bundle(format_name, settings, target, hidden_checks=hidden_checks, artifacts=artifacts)
    _console.get_stdout().print(f"Wrote {target}.", style="green", markup=False)
    _console.get_stdout().print(bundle_format.next_step, markup=False)
    return 0


class GradeOrBundleCommand(click.Command):
    """`labs grade`, unless its first argument is 'bundle': then it is `labs grade bundle`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments with the command that they are for."""
        if args[:1] == [command.name]:
            return command.make_context(f"{info_name} {command.name}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)
