"""`labs submit`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from runner import sanitize
from runner.cli import _console, _options, _progress, _suggestions
from runner.clusters import lookup
from runner.errors import IncompleteError, UsageError
from runner.grading import submission_writer
from runner.grading.collect import SUBMISSION_FILE
from runner.nodes.driver_interface import Cluster
from runner.progress import shell_history
from runner.progress.shell_history import HistoryEntry

_TOKENS = {
    "WORKER_TOKEN": "docker swarm join-token --quiet worker",
    "MANAGER_TOKEN": "docker swarm join-token --quiet manager",
    "UNLOCK_KEY": "docker swarm unlock-key --quiet",
}
_LARGEST_FILE = 1 << 20


@click.command("submit")
@_options.optional_lab_argument
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write it; a folder of the lab's name, here, if not told.",
)
@click.option("--force", is_flag=True, help="Write over a submission that is there.")
def command(lab: str | None, out: Path | None, force: bool) -> int:
    """Write a submission from what you have typed in 'labs shell' on the present nodes.

    What has failed is left out, and what only shows something. Join tokens, unlock keys and addresses, which are others
    on each cluster, are asked for anew where they are used. Files that you have written in an editor go with it. Look
    it over: it is yours to change, and 'labs grade' tells what it is worth.

    \b
    Examples:
      labs submit
      labs submit swarm-basics --out ada
    """
    cluster = lookup.survey_clusters().require_running_cluster(lab)
    found = _progress.load_learner_lab(cluster.id.lab)
    target = out or Path(found.name)
    if (target / SUBMISSION_FILE).exists() and not force:
        raise UsageError(f"There is a {target / SUBMISSION_FILE} already.", "'--force' writes over it; '--out DIR' takes another.")
    entries = [entry for node in cluster.nodes for entry in shell_history.read_shell_history(node)]
    if not any(submission_writer.is_replayable(entry) for entry in entries):
        raise IncompleteError(
            f"Nothing was typed in 'labs shell' on the nodes of '{cluster.id}'.",
            "Do the lab there, then type this again; 'labs shell node1' opens a terminal.",
        )
    tokens = _tokens(cluster, entries)
    values = submission_writer.list_placeholders(tokens, {node.name: node.address for node in cluster.nodes})
    text = submission_writer.render_submission(found, _progress.load_progress(found.name), entries, values)
    target.mkdir(parents=True, exist_ok=True)
    (target / SUBMISSION_FILE).write_text(text, "utf-8")
    taken = _take_files(cluster, entries, target)
    out_console = _console.get_stdout()
    out_console.print(sanitize.strip_control_chars(text), markup=False)
    out_console.print(f"Written to {target / SUBMISSION_FILE}{taken}.", style="green", markup=False)
    whose = found.learner
    words = ["labs", "grade", str(target), *(["--learner", whose.id, "--seed", whose.seed] if whose else [])]
    _suggestions.print_commands([(sanitize.strip_control_chars(shlex.join(words)), "see what it is worth")], "Next:")
    return 0


def _tokens(cluster: Cluster, entries: Sequence[HistoryEntry]) -> dict[str, tuple[str, str, str]]:
    """Return what each token that was typed is called, and how one like it is asked for."""
    wanted = submission_writer.find_swarm_tokens(entries)
    if not wanted:
        return {}
    first = next((entry.node for entry in entries if "swarm init" in entry.command_line), cluster.nodes[0].name)
    said = {name: _answer(cluster, ask) for name, ask in _TOKENS.items()}
    found = {}
    for token in wanted:
        # One that was changed since is most likely one for workers.
        default = "UNLOCK_KEY" if token.startswith("SWMKEY") else "WORKER_TOKEN"
        name = next((name for name, answer in said.items() if token in answer), default)
        found[token] = (name, first, _TOKENS[name])
    return found


def _answer(cluster: Cluster, ask: str) -> str:
    for node in cluster.nodes:
        done = node.run_command(["sh", "-c", ask])
        if done.exit_status == 0:
            return done.text
    return ""


def _take_files(cluster: Cluster, entries: Sequence[HistoryEntry], target: Path) -> str:
    nodes = {node.name: node for node in cluster.nodes}
    taken = []
    for node, name in submission_writer.find_edited_files(entries):
        done = nodes[node].run_command(["head", "--bytes", str(_LARGEST_FILE), f"/root/{name}"])
        if done.exit_status == 0 and name != SUBMISSION_FILE:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(done.stdout)
            taken.append(name)
    return f", with {', '.join(taken)}" if taken else ""
