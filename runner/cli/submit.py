"""`labs submit`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from runner import sanitize
from runner.cli import _console, _options, _progress
from runner.errors import IncompleteError, UsageError
from runner.grading import submission_writer
from runner.grading.snapshot import SUBMISSION_FILE
from runner.nodes.driver_interface import Cluster
from runner.progress import shell_history
from runner.progress.shell_history import HistoryEntry
from runner.storage import atomic

_TOKEN_COMMANDS = {
    "WORKER_TOKEN": "docker swarm join-token --quiet worker",
    "MANAGER_TOKEN": "docker swarm join-token --quiet manager",
    "UNLOCK_KEY": "docker swarm unlock-key --quiet",
}
_MAX_FILE_BYTES = 1 << 20


@click.command("submit")
@_options.optional_lab_argument
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder to write to; by default, a folder with the lab's name in the current folder.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing submission.")
def command(lab: str | None, out: Path | None, force: bool) -> int:
    """Write a submission from what you typed in 'labs shell' on the current nodes.

    Leaves out commands that failed and commands that only show something. Join tokens, unlock keys and addresses
    differ on every cluster, so the submission asks for them where they are used. Files that you wrote in an editor are
    included. Review the result: you may edit it, and 'labs grade' shows its grade.

    \b
    Examples:
      labs submit
      labs submit swarm-basics --out ada
    """
    session = _progress.create_session()
    cluster = session.cluster_survey.require_running_cluster(lab)
    loaded_lab = session.load_lab(cluster.id.lab)
    folder = out or Path(loaded_lab.name)
    if (folder / SUBMISSION_FILE).exists() and not force:
        raise UsageError(
            f"{folder / SUBMISSION_FILE} already exists.",
            "Overwrite it with '--force', or name another folder with '--out DIR'.",
        )
    entries = [entry for node in cluster.nodes for entry in shell_history.read_shell_history(node)]
    if not any(submission_writer.is_replayable(entry) for entry in entries):
        raise IncompleteError(
            f"Nothing was typed in 'labs shell' on the nodes of '{cluster.id}'.",
            "'labs shell node1' opens a terminal. Do the lab there, then run 'labs submit' again.",
        )
    addresses = {node.name: node.address for node in cluster.nodes}
    placeholders = submission_writer.create_placeholders(_find_tokens(cluster, entries), addresses)
    progress = session.load_progress(loaded_lab.name)
    text = submission_writer.render_submission(loaded_lab, progress, entries, placeholders)
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_text(folder / SUBMISSION_FILE, text)
    file_names = _copy_edited_files(cluster, entries, folder)
    console = _console.get_stdout()
    console.print(sanitize.strip_control_chars(text), markup=False)
    suffix = f", with {', '.join(file_names)}" if file_names else ""
    console.print(f"Wrote {folder / SUBMISSION_FILE}{suffix}.", style="green", markup=False)
    learner = loaded_lab.learner
    words = ["labs", "grade", str(folder), *(["--learner", learner.id, "--seed", learner.seed] if learner else [])]
    _console.print_suggested_commands([(sanitize.strip_control_chars(shlex.join(words)), "see its grade")], "Next:")
    return 0


def _find_tokens(cluster: Cluster, entries: Sequence[HistoryEntry]) -> dict[str, tuple[str, str, str]]:
    """Return for each token that was typed its placeholder, the node to ask for it, and the command that prints it."""
    typed_tokens = submission_writer.find_swarm_tokens(entries)
    if not typed_tokens:
        return {}
    first_manager = next((entry.node for entry in entries if "swarm init" in entry.command_line), cluster.nodes[0].name)
    current_tokens = {name: _run_on_any_node(cluster, command) for name, command in _TOKEN_COMMANDS.items()}
    tokens = {}
    for token in typed_tokens:
        # A token that was rotated since is most likely a worker token.
        default = "UNLOCK_KEY" if token.startswith("SWMKEY") else "WORKER_TOKEN"
        name = next((name for name, output in current_tokens.items() if token in output), default)
        tokens[token] = (name, first_manager, _TOKEN_COMMANDS[name])
    return tokens


def _run_on_any_node(cluster: Cluster, script: str) -> str:
    """Return the output of a script on the first node where it succeeds; empty if it succeeds nowhere."""
    for node in cluster.nodes:
        result = node.run_command(["sh", "-c", script])
        if result.exit_status == 0:
            return result.stdout_text
    return ""


def _copy_edited_files(cluster: Cluster, entries: Sequence[HistoryEntry], folder: Path) -> list[str]:
    """Copy the files that the learner edited on the nodes into a folder, and return their names."""
    nodes = {node.name: node for node in cluster.nodes}
    copied = []
    for node, name in submission_writer.find_edited_files(entries):
        result = nodes[node].run_command(["head", "--bytes", str(_MAX_FILE_BYTES), f"/root/{name}"])
        if result.exit_status == 0 and name != SUBMISSION_FILE:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            atomic.write_bytes(folder / name, result.stdout)
            copied.append(name)
    return copied
