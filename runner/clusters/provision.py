"""Provisioning: copies a lab's files to the nodes and runs its `setup.sh` there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner.clusters import run_records
from runner.errors import BrokenLabError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster, Node

# A script that takes longer is probably waiting for something that never happens.
_TIMEOUT_SECONDS = "300"
_MAX_ERROR_OUTPUT = 3000
# The trap prints the line that failed; bash alone would only exit. The script is passed in the environment, so that it
# need not be copied to every node.
_SETUP_WRAPPER = """
set -Eeuo pipefail
trap 'echo "setup.sh:$LINENO: exit status $?: $BASH_COMMAND" >&2' ERR
cd /root
source <(printf "%s" "$LABS_SETUP")
"""


def provision_cluster(lab: Lab, cluster: Cluster) -> None:
    """Copy `files/` to root's home directory and run `setup.sh`, on every node at the same time.

    The output goes to the cluster's setup log. This can be called again for the same cluster.

    Raises:
        BrokenLabError: The script failed; with its output and the line.
        HostError: A node cannot be reached.

    """
    run_records.create_start_record(cluster.id)
    log = run_records.setup_log_path(cluster.id)
    with ThreadPoolExecutor(len(cluster.nodes)) as pool:
        list(pool.map(lambda node: _provision_node(lab, node, log), cluster.nodes))


def _provision_node(lab: Lab, node: Node, log: Path) -> None:
    if lab.files_folder.is_dir() and any(lab.files_folder.iterdir()):
        node.copy_files(lab.files_folder, "/root")
    environment = {"LABS_NODE": node.name, "LABS_ROLE": node.role.value, "LABS_LAB": lab.name}
    environment["LABS_SETUP"] = lab.setup_script_path.read_text("utf-8")
    argv = ["timeout", "--kill-after=5", _TIMEOUT_SECONDS, "bash", "-c", _SETUP_WRAPPER]
    result = node.run_command(argv, environment=environment)
    output = result.stdout_text + result.stderr_text
    with log.open("a", encoding="utf-8") as handle:
        handle.write("".join(f"{node.name}: {line}\n" for line in output.splitlines()))
    if result.exit_status:
        raise BrokenLabError(
            f"{lab.setup_script_path} failed on {node.name} with exit status {result.exit_status}.",
            f"Fix the script, then run 'labs start {lab.name}'. {log} contains its complete output.",
            output[-_MAX_ERROR_OUTPUT:],
        )
