"""Records of started clusters: a mark per cluster, and the log of its `setup.sh`.

The records are files, so they are available even while a cluster's driver is not.
"""

from __future__ import annotations

from pathlib import Path

from runner import paths
from runner.nodes.driver_interface import ClusterId

# The name of the mark, next to the log.
_STARTED_MARK = "started"


def setup_log_path(cluster: ClusterId) -> Path:
    """Return the file with the output of a cluster's `setup.sh`."""
    return _records_folder() / str(cluster) / "setup.log"


def create_start_record(cluster: ClusterId) -> None:
    """Record that a cluster is being started, with an empty setup log."""
    log = setup_log_path(cluster)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", "utf-8")
    _started_mark(cluster).touch()


def unmark_started(cluster: ClusterId) -> None:
    """Record that a cluster's start was undone; keep the log, which may explain the failure."""
    _started_mark(cluster).unlink(missing_ok=True)


def delete_record(cluster: ClusterId) -> None:
    """Delete a cluster's record and log."""
    unmark_started(cluster)
    log = setup_log_path(cluster)
    log.unlink(missing_ok=True)
    if log.parent.is_dir():
        log.parent.rmdir()


def list_started_clusters() -> set[ClusterId]:
    """Return the clusters that were started and not removed, according to their records."""
    names = [mark.parent.name.partition(".") for mark in _records_folder().glob(f"*/{_STARTED_MARK}")]
    return {ClusterId(lab, run) if run else ClusterId(lab) for lab, _, run in names}


def _records_folder() -> Path:
    return paths.state_folder() / "runs"


def _started_mark(cluster: ClusterId) -> Path:
    return setup_log_path(cluster).with_name(_STARTED_MARK)
