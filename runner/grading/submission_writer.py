"""Write a submission from the lines that a learner typed in `labs shell`."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.grading.typed_lines import identifiers, invocation, line_effects, line_replay, placeholders, shell_syntax
from runner.grading.typed_lines.identifiers import IdentifierResolver
from runner.grading.typed_lines.line_replay import LineContext, LineReplay, Verdict
from runner.grading.typed_lines.placeholders import UNLOCK_KEY, Placeholder
from runner.grading.typed_lines.script_block import ScriptBlock, render_block
from runner.lessons.model import Lab, Step
from runner.progress.model import Progress
from runner.progress.shell_record import HistoryEntry

_HOME = "/root"
_CAPTURE_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that the learner should know about.

    Attributes:
        node: The name of the node.
        line: The line.
        reason: Why it is left out, or may not do the same as it did.

    """

    node: str
    line: str
    reason: str


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
    typed = sorted(
        (entry for entry in entries if entry.command_line.strip()), key=lambda entry: (entry.started_at, entry.node)
    )
    return _Drafter(typed, known_placeholders, service_names).draft()


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
        kept: list[tuple[HistoryEntry, LineReplay]] = []
        for index, entry in enumerate(self.entries):
            replay = line_replay.plan_line(entry, self._create_context(index))
            if replay.verdict is Verdict.KEPT:
                kept.append((entry, replay))
                definitions = invocation.list_alias_definitions(shell_syntax.parse_line(entry.command_line))
                self._aliases.setdefault(entry.node, {}).update(definitions)
            elif replay.verdict is Verdict.FAILED:
                self._failed.append(entry)
            elif replay.verdict is Verdict.LEFT_OUT:
                self._left_out.append(Remark(entry.node, entry.command_line, replay.reason))
            self._doubtful += [Remark(entry.node, entry.command_line, doubt) for doubt in replay.doubts]
        blocks = _BlockBuilder(kept, self.known_placeholders, self.service_names, self._doubtful, self._aliases).build()
        self._left_out += _list_never_corrected(self._failed, [entry for entry, _ in kept])
        return SubmissionDraft(
            tuple(blocks), tuple(self._left_out), tuple(self._doubtful), len(self.entries), len(self._failed)
        )

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

    def _allocate_job(self) -> str:
        self._job_count += 1
        return f"JOB_{self._job_count}"


@dataclass(slots=True)
class _BlockBuilder:
    """Builds the blocks of the lines that are run again, and those that capture what the lines need."""

    kept: Sequence[tuple[HistoryEntry, LineReplay]]
    known_placeholders: Sequence[Placeholder]
    service_names: Mapping[str, str]
    doubtful: list[Remark]
    aliases: Mapping[str, Mapping[str, str]]
    _before: dict[int, list[ScriptBlock]] = field(default_factory=dict)
    _after: dict[int, list[ScriptBlock]] = field(default_factory=dict)
    _captured_texts: dict[str, str] = field(default_factory=dict)
    _captured_objects: dict[str, str] = field(default_factory=dict)
    _captured_counts: dict[str, int] = field(default_factory=dict)

    def build(self) -> list[ScriptBlock]:
        scripts = [self._replace_texts(index) for index in range(len(self.kept))]
        blocks: list[ScriptBlock] = []
        for index, (entry, replay) in enumerate(self.kept):
            line = shell_syntax.parse_line(entry.command_line)
            block = ScriptBlock(
                entry.node,
                _prefix_folder(entry, scripts[index]),
                _find_moment(entry),
                retry_seconds=replay.retry_seconds,
                exit_status=replay.exit_status,
                is_lookup=line_effects.is_passive(line, self.aliases.get(entry.node, {})),
            )
            blocks += [*self._before.get(index, ()), block, *self._after.get(index, ())]
            if replay.end_script and entry.ended_at is not None:
                blocks.append(ScriptBlock(entry.node, replay.end_script, entry.ended_at))
        # A sort keeps the order of blocks of the same moment.
        return list(_skip_repeated_lookups(sorted(blocks, key=lambda block: block.at)))

    def _replace_texts(self, index: int) -> str:
        script = self._replace_identifiers(index, self.kept[index][1].script)
        for placeholder in self.known_placeholders:
            filled = placeholders.fill_placeholder(script, placeholder)
            if filled != script:
                self._capture_text(placeholder, index)
            script = filled
        if f"<{UNLOCK_KEY}>" in script and UNLOCK_KEY not in self._captured_texts:
            self._capture_text(Placeholder(UNLOCK_KEY, "", placeholders.TOKEN_COMMANDS[UNLOCK_KEY]), index)
        return script

    def _replace_identifiers(self, index: int, script: str) -> str:
        entry, _ = self.kept[index]
        resolver = IdentifierResolver([kept_entry for kept_entry, _ in self.kept], self.service_names)
        unresolved = resolver.list_unknown_identifiers(index)
        for item in resolver.resolve_objects(index):
            if item.text:
                script = identifiers.replace_word(script, item.word, item.text)
            elif item.command:
                script = identifiers.replace_word(script, item.word, f"<{self._capture_object(item, index)}>")
            else:
                unresolved.append(item.word)
        self.doubtful += [
            Remark(entry.node, entry.command_line, f"'{word}' is an identifier, and another cluster has different ones")
            for word in unresolved
        ]
        return script

    def _capture_object(self, item: identifiers.Substitution, index: int) -> str:
        name = self._captured_objects.get(item.key)
        if name is None:
            self._captured_counts[item.noun] = self._captured_counts.get(item.noun, 0) + 1
            name = f"{item.noun}_{self._captured_counts[item.noun]}"
            self._captured_objects[item.key] = name
            node = self.kept[index][0].node
            place, number = (self._before, index) if item.creator is None else (self._after, item.creator)
            at = _find_moment(self.kept[number][0])
            place.setdefault(number, []).append(ScriptBlock(node, item.command, at, name, item.retry_seconds))
        return name

    def _capture_text(self, placeholder: Placeholder, index: int) -> None:
        """Capture a text just before its first use, and again if another text has its name since."""
        if self._captured_texts.get(placeholder.name) == placeholder.text:
            return
        self._captured_texts[placeholder.name] = placeholder.text
        place, number = self._before, index
        setters = [number for number in range(index) if placeholders.sets_unlock_key(self.kept[number][1].script)]
        if placeholder.name == UNLOCK_KEY and setters:
            # A locked manager does not show its key.
            place, number = self._after, setters[-1]
        node = placeholder.node or self._find_manager(index)
        at = _find_moment(self.kept[number][0])
        block = ScriptBlock(node, placeholder.command, at, placeholder.name, _CAPTURE_RETRY_SECONDS)
        place.setdefault(number, []).append(block)

    def _find_manager(self, index: int) -> str:
        """Return the node that last created a swarm before a line."""
        nodes = [entry.node for entry, replay in self.kept[:index] if "swarm init" in replay.script]
        return nodes[-1] if nodes else self.kept[index][0].node


def _find_moment(entry: HistoryEntry) -> float:
    """Return the moment of a line in the sequence: when it was started, or when an editor had written its files."""
    return entry.ended_at if entry.written_files and entry.ended_at is not None else entry.started_at


def _prefix_folder(entry: HistoryEntry, script: str) -> str:
    # A block starts in root's home.
    folder = entry.working_directory
    return script if folder == _HOME else f"cd {shlex.quote(folder)}\n{script}"


def _skip_repeated_lookups(blocks: Iterable[ScriptBlock]) -> Iterator[ScriptBlock]:
    previous: ScriptBlock | None = None
    for block in blocks:
        if previous is None or not block.is_lookup or replace(block, at=previous.at) != previous:
            yield block
        previous = block


def _list_never_corrected(failed: Iterable[HistoryEntry], kept: Sequence[HistoryEntry]) -> list[Remark]:
    """Return the lines that failed, if no line that starts in the same way came after them."""
    remarks = {}
    for entry in failed:
        start = _get_first_words(entry.command_line)
        is_corrected = any(
            other.started_at > entry.started_at and _get_first_words(other.command_line) == start for other in kept
        )
        if not is_corrected and entry.exit_status not in (126, 127):
            reason = f"it failed with exit status {entry.exit_status}, and no similar line worked later"
            remarks[entry.node, entry.command_line] = Remark(entry.node, entry.command_line, reason)
    return list(remarks.values())


def _get_first_words(line: str) -> tuple[str, ...]:
    words = re.sub(r"^sudo\s+", "", line).split()
    return tuple(words[: 3 if len(words) > 1 and words[1] in _GROUPS else 2])


_GROUPS = frozenset({"compose", "container", "image", "network", "node", "service", "stack", "swarm", "volume"})


def _find_step(block: ScriptBlock, steps: Sequence[Step], progress: Progress) -> Step:
    """Return the step that the learner was working on at a block's moment; the last one if all were passed."""
    for step in steps:
        passed_at = progress.find_step_record(step.id).passed_at
        was_open = passed_at is None and step.id not in progress.completed_on_cluster
        if was_open or (passed_at and block.at <= passed_at.timestamp()):
            return step
    return steps[-1]
