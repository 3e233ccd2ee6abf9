"""Sets the scene: a lab's files and its `setup.sh` on every node."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster, ClusterId, Node

# A setup that takes longer waits for something that never comes.
_LIMIT_SECONDS = "300"
# Beside the log of a cluster that was started and not removed.
_MARK = "started"
# The trap names the line that failed; bash by itself would only end. The script travels in the environment, which saves
# copying it to every node.
_RUN = """
set -Eeuo pipefail
trap 'echo "setup.sh:$LINENO: exit status $?: $BASH_COMMAND" >&2' ERR
cd /root
source <(printf "%s" "$LABS_SETUP")
"""


def set_up(lab: Lab, cluster: Cluster) -> None:
    """Copy `files/` into root's home and run `setup.sh` on every node at the same time; may be repeated.

    The output goes to the run's log.

    Raises:
        BrokenLabError: The script failed; with its output and the line.
        HostError: A node cannot be reached.

    """
    log = log_file(cluster.id)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", "utf-8")
    _mark(cluster.id).touch()
    with ThreadPoolExecutor(len(cluster.nodes)) as pool:
        list(pool.map(lambda node: _set_up_node(lab, node, log), cluster.nodes))


def log_file(cluster: ClusterId) -> Path:
    """Return where the output of a cluster's setup is kept."""
    return _folder() / str(cluster) / "setup.log"


def recorded() -> set[ClusterId]:
    """Return the clusters that have been started and not removed, as far as the records of their starts tell."""
    names = [path.parent.name.partition(".") for path in _folder().glob(f"*/{_MARK}")]
    return {ClusterId(lab, run) if run else ClusterId(lab) for lab, _, run in names}


def _folder() -> Path:
    return paths.state_folder() / "runs"


def _mark(cluster: ClusterId) -> Path:
    return log_file(cluster).with_name(_MARK)


def undone(cluster: ClusterId) -> None:
    """Record that a cluster's start was undone; its log stays, for it may tell why."""
    _mark(cluster).unlink(missing_ok=True)


def forget(cluster: ClusterId) -> None:
    """Remove the run's log and record."""
    undone(cluster)
    log_file(cluster).unlink(missing_ok=True)
    if log_file(cluster).parent.is_dir():
        log_file(cluster).parent.rmdir()


def _set_up_node(lab: Lab, node: Node, log: Path) -> None:
    if lab.files_folder.is_dir() and any(lab.files_folder.iterdir()):
        node.copy_files(lab.files_folder, "/root")
    environment = {"LABS_NODE": node.name, "LABS_ROLE": node.role.value, "LABS_LAB": lab.name}
    environment["LABS_SETUP"] = lab.setup_script.read_text("utf-8")
    done = node.run_command(["timeout", "--kill-after=5", _LIMIT_SECONDS, "bash", "-c", _RUN], environment=environment)
    output = done.text + done.error_text
    with log.open("a", encoding="utf-8") as handle:
        handle.write("".join(f"{node.name}: {line}\n" for line in output.splitlines()))
    if done.exit_status:
        raise BrokenLabError(
            f"{lab.setup_script} failed on {node.name} with exit status {done.exit_status}.",
            f"Mend the script, then 'labs start {lab.name}'. Its whole output is in {log}.",
            output[-3000:],
        )
