"""`labs submit`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from runner import sanitize
from runner.cli import _console, _options, _progress, _submission_draft, _submission_lists, _submission_trial
from runner.errors import UsageError
from runner.grading import submission_writer
from runner.grading.snapshot import SUBMISSION_FILE
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster
from runner.progress.model import Progress
from runner.storage import atomic


@click.command("submit")
@_options.optional_lab_argument
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder to write to; by default, a folder with the lab's name in the current folder.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing submission.")
@click.option(
    "--try", "is_tried", is_flag=True, help="Also run it on a fresh cluster, and compare its points with yours."
)
def command(lab: str | None, out: Path | None, force: bool, is_tried: bool) -> int:
    """Write a submission from what you typed in 'labs shell' on the current nodes.

    Each line becomes a block, in the order in which you typed them. The submission contains what you typed into
    commands and the files that you wrote in an editor. Programs that you ended with Ctrl-C are ended again. Names and
    placeholders take the place of identifiers, join tokens, unlock keys and addresses, which differ on every cluster.

    Afterwards, you see the lines that are left out and those that may not do the same again, each with the reason.
    You may edit the submission. --try runs it on a fresh cluster and compares it with 'labs check': an existing
    submission as it is, unless you add --force.

    \b
    Examples:
      labs submit
      labs submit swarm-basics --out ada
      labs submit --try
    """
    session = _progress.create_session()
    cluster = session.cluster_survey.require_running_cluster(lab)
    loaded_lab = session.load_lab(cluster.id.lab)
    folder = out or Path(loaded_lab.name)
    file, console = folder / SUBMISSION_FILE, _console.get_stdout()
    if file.exists() and not force:
        if not is_tried:
            raise UsageError(
                f"{file} already exists.", "Overwrite it with '--force', or name another folder with '--out DIR'."
            )
        console.print(f"Trying {file} as it is; '--force' writes it again.", markup=False)
    else:
        _write_submission(loaded_lab, cluster, session.load_progress(loaded_lab.name), folder)
    if is_tried:
        return _submission_trial.try_submission(loaded_lab, cluster, folder)
    _print_suggestions(loaded_lab, folder)
    return 0


def _write_submission(lab: Lab, cluster: Cluster, progress: Progress, folder: Path) -> None:
    draft = _submission_draft.create_draft(cluster)
    text = submission_writer.render_submission(lab, progress, draft.blocks)
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_text(folder / SUBMISSION_FILE, text)
    console = _console.get_stdout()
    console.print(sanitize.strip_control_chars(text), markup=False)
    _submission_lists.print_lists(draft)
    _submission_lists.print_steps_completed_by_labs(lab, progress)
    console.print(f"Wrote {folder / SUBMISSION_FILE}.", style="green", markup=False)


def _print_suggestions(lab: Lab, folder: Path) -> None:
    learner = ["--learner", lab.learner.id, "--seed", lab.learner.seed] if lab.learner else []
    grade = ["labs", "grade", str(folder), *learner]
    default = Path(lab.name)
    trial = ["labs", "submit", *([] if folder == default else [lab.name, "--out", str(folder)]), "--try"]
    commands = [
        (sanitize.strip_control_chars(shlex.join(trial)), "see whether it gets the points of your cluster"),
        (sanitize.strip_control_chars(shlex.join(grade)), "see its grade"),
    ]
    _console.print_suggested_commands(commands, "Next:")
