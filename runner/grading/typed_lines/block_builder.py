"""The blocks for lines that are run again, with names and placeholders in place of what differs on each cluster."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.grading.typed_lines import identifiers, object_words, placeholders, text_edits
from runner.grading.typed_lines.identifiers import IdentifierResolver
from runner.grading.typed_lines.invocation import Aliases
from runner.grading.typed_lines.line_replay import LineReplay
from runner.grading.typed_lines.placeholders import UNLOCK_KEY, Placeholder
from runner.grading.typed_lines.script_block import Remark, ScriptBlock
from runner.grading.typed_lines.text_edits import TextEdit
from runner.progress.shell_record import HistoryEntry

_HOME = "/root"
_CAPTURE_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line that is run again.

    Attributes:
        entry: The line.
        replay: How it is run.
        is_lookup: Whether it changes nothing.
        aliases: The aliases that were set when it was typed.

    """

    entry: HistoryEntry
    replay: LineReplay
    is_lookup: bool
    aliases: Aliases = field(default_factory=dict)


@dataclass(slots=True)
class BlockBuilder:
    """Builds the blocks of the lines that are run again, and those that capture what the lines need.

    Attributes:
        kept: The lines, in order.
        known_placeholders: The texts to replace.
        service_names: The names of services by their identifiers, for those that tasks belong to.
        doubtful: The lines with identifiers that nothing can replace.

    """

    kept: Sequence[KeptLine]
    known_placeholders: Sequence[Placeholder]
    service_names: Mapping[str, str]
    doubtful: list[Remark] = field(default_factory=list)
    _before: dict[int, list[ScriptBlock]] = field(default_factory=dict)
    _after: dict[int, list[ScriptBlock]] = field(default_factory=dict)
    _captured_texts: dict[str, str] = field(default_factory=dict)
    _captured_objects: dict[str, str] = field(default_factory=dict)
    _captured_counts: dict[str, int] = field(default_factory=dict)

    def build(self) -> list[ScriptBlock]:
        """Return the blocks, in the order in which they are to be run."""
        scripts = [self._replace_texts(index) for index in range(len(self.kept))]
        blocks: list[ScriptBlock] = []
        for index, line in enumerate(self.kept):
            entry, replay = line.entry, line.replay
            block = ScriptBlock(
                entry.node,
                _prefix_folder(entry, scripts[index]),
                _find_moment(entry),
                retry_seconds=replay.retry_seconds,
                exit_status=replay.exit_status,
                is_lookup=line.is_lookup,
            )
            blocks += [*self._before.get(index, ()), block, *self._after.get(index, ())]
            if replay.end_script and entry.ended_at is not None:
                blocks.append(ScriptBlock(entry.node, replay.end_script, entry.ended_at))
        # A sort keeps the order of blocks of the same moment.
        return list(_skip_repeated_lookups(sorted(blocks, key=lambda block: block.at)))

    def _replace_texts(self, index: int) -> str:
        script = self._replace_identifiers(index, self.kept[index].replay.script)
        for placeholder in self.known_placeholders:
            filled = placeholders.fill_placeholder(script, placeholder)
            if filled != script:
                self._capture_text(placeholder, index)
            script = filled
        key = placeholders.create_token_placeholder(UNLOCK_KEY, "", self.kept[index].entry)
        if f"<{UNLOCK_KEY}>" in script and key.name not in self._captured_texts:
            self._capture_text(key, index)
        return script.replace(f"<{UNLOCK_KEY}>", f"<{key.name}>")

    def _replace_identifiers(self, index: int, script: str) -> str:
        entry = self.kept[index].entry
        resolver = IdentifierResolver([line.entry for line in self.kept], self.service_names)
        unresolved = resolver.list_unknown_identifiers(index)
        for item in resolver.resolve_objects(index):
            places = object_words.find_places(script, item.word, self.kept[index].aliases)
            if not item.text and not item.command:
                unresolved += [item.word] * bool(places)
                continue
            edits = []
            for place in places:
                used = resolver.resolve_identifier(item, index) if place.needs_identifier else item
                text = used.text or f"<{self._capture_object(used, index)}>"
                edits.append(TextEdit(place.start, place.end, text))
            script = text_edits.apply_edits(script, edits)
        self.doubtful += [
            Remark(entry.node, entry.command_line, f"'{word}' is an identifier, and another cluster has different ones")
            for word in unresolved
        ]
        self.doubtful += [
            Remark(
                entry.node, entry.command_line, f"{number} is a number that the system chose, and it chooses another"
            )
            for number in resolver.list_chosen_numbers(index)
        ]
        return script

    def _capture_object(self, item: identifiers.Substitution, index: int) -> str:
        name = self._captured_objects.get(item.key)
        if name is None:
            self._captured_counts[item.noun] = self._captured_counts.get(item.noun, 0) + 1
            name = f"{item.noun}_{self._captured_counts[item.noun]}"
            self._captured_objects[item.key] = name
            node = self.kept[index].entry.node
            place, number = (self._before, index) if item.creator is None else (self._after, item.creator)
            at = _find_moment(self.kept[number].entry)
            place.setdefault(number, []).append(ScriptBlock(node, item.command, at, name, item.retry_seconds))
        return name

    def _capture_text(self, placeholder: Placeholder, index: int) -> None:
        """Capture a text just before its first use, and again if another text has its name since."""
        if self._captured_texts.get(placeholder.name) == placeholder.text:
            return
        self._captured_texts[placeholder.name] = placeholder.text
        place, number = self._before, index
        setters = [
            number
            for number in range(index)
            if placeholders.sets_unlock_key(self.kept[number].replay.script, placeholder.engine)
        ]
        if placeholder.is_unlock_key and setters:
            # A locked manager does not show its key.
            place, number = self._after, setters[-1]
        node = placeholder.node or self._find_manager(index)
        at = _find_moment(self.kept[number].entry)
        block = ScriptBlock(node, placeholder.command, at, placeholder.name, _CAPTURE_RETRY_SECONDS)
        place.setdefault(number, []).append(block)

    def _find_manager(self, index: int) -> str:
        """Return the node that last created a swarm before a line."""
        nodes = [line.entry.node for line in self.kept[:index] if "swarm init" in line.replay.script]
        return nodes[-1] if nodes else self.kept[index].entry.node


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
