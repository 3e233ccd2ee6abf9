"""Read what was typed on the nodes of a cluster, and what on the cluster is needed to type it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from runner.cli import _submission_lists
from runner.errors import IncompleteError
from runner.grading import submission_writer
from runner.grading.submission_writer import SubmissionDraft
from runner.grading.typed_lines import identifiers, placeholders
from runner.grading.typed_lines.placeholders import Placeholder
from runner.nodes.driver_interface import Cluster
from runner.progress import shell_history
from runner.progress.shell_record import HistoryEntry


def create_draft(cluster: Cluster) -> SubmissionDraft:
    """Return the blocks for what was typed on a cluster's nodes.

    Raises:
        IncompleteError: Nothing was typed, or nothing that was typed can be run again.

    """
    entries = [entry for node in cluster.nodes for entry in shell_history.read_shell_history(node)]
    known_placeholders = [
        *_find_token_placeholders(cluster, entries),
        *placeholders.create_address_placeholders({node.name: node.address for node in cluster.nodes}),
    ]
    draft = submission_writer.draft_submission(entries, known_placeholders, _find_service_names(cluster, entries))
    if draft.blocks:
        return draft
    if not draft.line_count:
        raise IncompleteError(
            f"Nothing was typed in 'labs shell' on the nodes of '{cluster.id}'.",
            "'labs shell node1' opens a terminal. Do the lab there, then run 'labs submit' again.",
        )
    _submission_lists.print_lists(draft)
    lines = "The only line that was" if draft.line_count == 1 else f"All {draft.line_count} lines that were"
    outcome = "failed" if draft.failed_count == draft.line_count else "failed or only showed something"
    if any(remark.line == submission_writer.UNRECORDED_LINE for remark in draft.left_out):
        outcome = "failed, only showed something or could not be recorded"
    raise IncompleteError(
        f"{lines} typed in 'labs shell' on the nodes of '{cluster.id}' {outcome}.",
        "'labs check' shows what is missing. Continue in 'labs shell node1', then run 'labs submit' again.",
    )


def _find_token_placeholders(cluster: Cluster, entries: Sequence[HistoryEntry]) -> list[Placeholder]:
    if not placeholders.find_swarm_tokens(entries):
        return []
    outputs = {name: _run_on_any_node(cluster, script) for name, script in placeholders.TOKEN_COMMANDS.items()}
    return placeholders.create_token_placeholders(entries, outputs)


def _find_service_names(cluster: Cluster, entries: Sequence[HistoryEntry]) -> dict[str, str]:
    """Return the names of the services whose tasks were named in lines, by the services' identifiers."""
    names = {
        service: _run_on_any_node(
            cluster, f"docker service inspect --format '{{{{.Spec.Name}}}}' {shlex.quote(service)}"
        )
        for service in identifiers.list_service_ids(entries)
    }
    return {service: name.strip() for service, name in names.items() if name.strip()}


def _run_on_any_node(cluster: Cluster, script: str) -> str:
    """Return the output of a script on the first node where it succeeds; empty if it succeeds nowhere."""
    for node in cluster.nodes:
        result = node.run_command(["sh", "-c", script])
        if result.exit_status == 0:
            return result.stdout_text
    return ""
