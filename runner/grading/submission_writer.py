"""Write a submission from the lines that a learner typed in `labs shell`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.grading.typed_lines import block_limits, invocation, line_effects, line_replay, retries, shell_syntax
from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines.block_builder import BlockBuilder, KeptLine
from runner.grading.typed_lines.line_replay import LineContext, LineReplay, Verdict
from runner.grading.typed_lines.placeholders import Placeholder
from runner.grading.typed_lines.script_block import Remark, ScriptBlock, render_block
from runner.lessons.model import Lab, Step
from runner.progress.model import Progress
from runner.progress.shell_record import HistoryEntry

# Of a program that is not there, or cannot be run: most likely a typing error.
_NOT_FOUND_STATUSES = (126, 127)
# What remarks show in place of a line whose text is not known.
UNRECORDED_LINE = "(a line)"


@dataclass(frozen=True, slots=True)
class SubmissionDraft:
    """A submission before it is written.

    Attributes:
        blocks: Its blocks, in order.
        left_out: The lines that are left out, without those that failed and were typed again.
        doubtful: The lines that may not do the same as they did.
        line_count: How many lines were typed.
        failed_count: How many lines failed and are left out.

    """

    blocks: tuple[ScriptBlock, ...]
    left_out: tuple[Remark, ...]
    doubtful: tuple[Remark, ...]
    line_count: int
    failed_count: int


def draft_submission(
    entries: Iterable[HistoryEntry], known_placeholders: Sequence[Placeholder], service_names: Mapping[str, str]
) -> SubmissionDraft:
    """Return the blocks that do again what was typed, in the order in which the lines were started.

    Args:
        entries: The lines that were typed, on all nodes.
        known_placeholders: The texts to replace.
        service_names: The names of services by their identifiers, for those that tasks belong to.

    """
    typed = sorted(entries, key=lambda entry: (entry.started_at, entry.node))
    recorded = [entry for entry in typed if entry.command_line.strip()]
    draft = _Drafter(recorded, known_placeholders, service_names).draft()
    unrecorded = _list_unrecorded(typed)
    return replace(draft, left_out=(*unrecorded, *draft.left_out), line_count=draft.line_count + len(unrecorded))


def render_submission(lab: Lab, progress: Progress, blocks: Iterable[ScriptBlock]) -> str:
    """Return the text of `submission.md`.

    Args:
        lab: The lab.
        progress: When the learner passed each step, which decides to which step a block belongs.
        blocks: The blocks, in order.

    """
    parts = [f"---\nlab: {lab.name}\n---\n"]
    for step, step_blocks in itertools.groupby(blocks, key=lambda block: _find_step(block, lab.lesson.steps, progress)):
        parts.append(f"## {step.title} {{#{step.id}}}\n")
        parts += [render_block(block) for block in step_blocks]
    return "\n".join(parts)


@dataclass(slots=True)
class _Drafter:
    entries: Sequence[HistoryEntry]
    known_placeholders: Sequence[Placeholder]
    service_names: Mapping[str, str]
    _left_out: list[Remark] = field(default_factory=list)
    _doubtful: list[Remark] = field(default_factory=list)
    _failed: list[HistoryEntry] = field(default_factory=list)
    _aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    _job_count: int = 0

    def draft(self) -> SubmissionDraft:
        kept: list[KeptLine] = []
        attempts = retries.find_failed_attempts(self.entries)
        failed_attempts = {earlier for indexes in attempts.values() for earlier in indexes}
        for index, entry in enumerate(self.entries):
            replay = line_replay.plan_line(entry, self._create_context(index))
            if replay.verdict is Verdict.FAILED or (replay.verdict is Verdict.KEPT and index in failed_attempts):
                self._failed.append(entry)
                continue
            if replay.verdict is Verdict.KEPT:
                first = self.entries[attempts[index][0]] if index in attempts else None
                kept.append(self._keep_line(entry, replay, first))
            elif replay.verdict is Verdict.LEFT_OUT:
                self._left_out.append(Remark(entry.node, entry.command_line, replay.reason))
            self._doubtful += [Remark(entry.node, entry.command_line, doubt) for doubt in replay.doubts]
        builder = BlockBuilder(kept, self.known_placeholders, self.service_names)
        blocks = block_limits.limit_blocks(builder.build())
        self._left_out += [*self._list_never_corrected([line.entry for line in kept]), *blocks.left_out]
        self._doubtful += [*builder.doubtful, *blocks.doubtful]
        return SubmissionDraft(
            blocks.blocks, tuple(self._left_out), tuple(self._doubtful), len(self.entries), len(self._failed)
        )

    def _keep_line(self, entry: HistoryEntry, replay: LineReplay, first_attempt: HistoryEntry | None) -> KeptLine:
        if first_attempt and not replay.end_script:
            seconds = retries.find_seconds_of_attempts(first_attempt, entry)
            replay = replace(replay, retry_seconds=max(seconds, replay.retry_seconds))
        line, aliases = shell_syntax.parse_line(entry.command_line), self._aliases.setdefault(entry.node, {})
        kept = KeptLine(entry, replay, line_effects.is_passive(line, aliases), dict(aliases))
        aliases.update(invocation.list_alias_definitions(line))
        return kept

    def _create_context(self, index: int) -> LineContext:
        entry, later = self.entries[index], self.entries[index + 1 :]
        end = entry.ended_at
        overlapping = [other for other in later if end is None or other.started_at < end]
        return LineContext(
            self._aliases.get(entry.node, {}),
            bool(overlapping),
            later[0].started_at - entry.started_at if later else None,
            self._allocate_job,
        )

    def _list_never_corrected(self, kept: Sequence[HistoryEntry]) -> list[Remark]:
        """Return the lines that failed, if no line that starts in the same way came after them."""
        remarks: dict[Remark, None] = {}
        for entry in self._failed:
            line, start = shell_syntax.parse_line(entry.command_line), _get_first_words(entry.command_line)
            is_corrected = any(
                other.started_at > entry.started_at and _get_first_words(other.command_line) == start for other in kept
            )
            is_lookup = line_effects.is_passive(line, self._aliases.get(entry.node, {}))
            if not is_corrected and not is_lookup and entry.exit_status not in _NOT_FOUND_STATUSES:
                reason = f"it failed with exit status {entry.exit_status}, and no similar line worked later"
                remarks[Remark(entry.node, entry.command_line, reason)] = None
        return list(remarks)

    def _allocate_job(self) -> str:
        self._job_count += 1
        return f"JOB_{self._job_count}"


def _list_unrecorded(typed: Sequence[HistoryEntry]) -> list[Remark]:
    """Return a remark for each line whose text is not known. It names the line before, so that the learner finds it."""
    remarks, last_lines = [], dict[str, str]()
    for entry in typed:
        if entry.command_line.strip():
            last_lines[entry.node] = entry.command_line
        elif not entry.command_line and not entry.has_recorded_shell:
            place = f"after '{last_lines[entry.node]}'" if entry.node in last_lines else "as the first one"
            reason = f"you typed it {place}, and it could not be recorded: add a block for it to the submission"
            remarks.append(Remark(entry.node, UNRECORDED_LINE, reason))
    return remarks


def _get_first_words(line: str) -> tuple[str, ...]:
    words = re.sub(r"^sudo\s+", "", line).split()
    return tuple(words[: 3 if len(words) > 1 and words[1] in tables.DOCKER_GROUPS else 2])


def _find_step(block: ScriptBlock, steps: Sequence[Step], progress: Progress) -> Step:
    """Return the step that the learner was working on at a block's moment; the last one if all were passed."""
    for step in steps:
        passed_at = progress.find_step_record(step.id).passed_at
        was_open = passed_at is None and step.id not in progress.completed_on_cluster
        if was_open or (passed_at and block.at <= passed_at.timestamp()):
            return step
    return steps[-1]
