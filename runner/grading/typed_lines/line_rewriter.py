"""Changes to a line after which it needs neither a terminal nor a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runner.grading.typed_lines import (
    background_jobs,
    container_input,
    docker_terminal,
    line_effects,
    text_edits,
    typed_input,
)
from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines.docker_commands import parse_docker_command
from runner.grading.typed_lines.invocation import Aliases, parse_stage
from runner.grading.typed_lines.keystrokes import TypedText
from runner.grading.typed_lines.line_effects import Effect
from runner.grading.typed_lines.shell_syntax import Pipeline, ShellLine, Stage
from runner.grading.typed_lines.text_edits import TextEdit
from runner.progress.shell_record import WrittenFile

_MAX_FILE_BYTES = 40_000
_TEXT_LEFT_OUT = "what was typed while it ran is left out"


@dataclass(slots=True)
class LineRewriter:
    """Collects changes to a line.

    Attributes:
        line: The line.
        aliases: The aliases that were set when it was typed.
        doubts: Why it may not do the same as it did.
        has_input: Whether it got a standard input.

    """

    line: ShellLine
    aliases: Aliases
    doubts: list[str] = field(default_factory=list)
    has_input: bool = False
    _edits: list[TextEdit] = field(default_factory=list)
    _first_lines: list[str] = field(default_factory=list)
    _last_lines: list[str] = field(default_factory=list)
    _common_input: str | None = None

    def remove_terminals(self) -> None:
        """Drop the options that ask for a terminal."""
        self._edits += docker_terminal.remove_terminals(self.line, self.aliases)

    def remove_viewers(self, *, is_interrupted: bool) -> bool:
        """Drop pagers, and commands at the top level that do nothing or would go on for ever.

        Args:
            is_interrupted: Whether the line was interrupted, so that what follows such a command did not run.

        Returns:
            Whether the line would have gone on for ever.

        """
        is_endless = False
        for pipeline in self.line.pipelines:
            first, *others = pipeline.stages
            end = first.full_end
            for stage in others:
                if self._find_effect(stage) is Effect.VIEWER:
                    self._edits.append(TextEdit(end, stage.full_end, ""))
                end = stage.full_end
            effect = self._find_effect(first)
            if effect in (Effect.VIEWER, Effect.ENDLESS, Effect.NOTHING) and pipeline.separator != "&":
                is_endless = is_endless or effect is Effect.ENDLESS
                end = self.line.pipelines[-1].end if is_endless and is_interrupted else pipeline.end
                # Edits inside it would overlap with this one.
                self._remove_edits_within(pipeline.start, end)
                self._edits.append(TextEdit(pipeline.start, end, "true"))
                if end > pipeline.end:
                    break
        return is_endless

    def replace_editors(self, files: Sequence[WrittenFile]) -> None:
        """Write the files where they were edited."""
        small_files = [file for file in files if len(file.content) <= _MAX_FILE_BYTES]
        self.doubts += [
            f"{file.path} is too large for a block: put a copy into the folder of the submission, and add a block that "
            "copies it from /root"
            for file in files
            if file not in small_files
        ]
        edits = [text_edits.create_file_edit(0, 0, file.path, file.content) for file in small_files]
        editors = [stage for stage in self.line.stages if self._find_effect(stage) is Effect.EDITOR]
        for stage in editors[1:]:
            self._edits.append(TextEdit(stage.start, stage.full_end, "true"))
        if editors and len(edits) == 1 and self._can_have_body(editors[0].full_end):
            self._edits.append(TextEdit(editors[0].start, editors[0].full_end, edits[0].text.strip(), edits[0].body))
            return
        if editors:
            self._edits.append(TextEdit(editors[0].start, editors[0].full_end, "true"))
        lines = [f"{edit.text.strip()}\n{edit.body}" if edit.body else edit.text.strip() for edit in edits]
        if editors:
            self._first_lines += lines
        else:
            self._last_lines += lines

    def fill_hidden_input(self) -> bool:
        """Give `docker swarm unlock` the key that was typed; return whether this is what the line needs."""
        for stage in self.line.stages:
            command = parse_docker_command(parse_stage(stage, self.aliases))
            if command and command.verb == "swarm unlock":
                self._add_input_edit(stage, "<UNLOCK_KEY>\n")
                return True
        return False

    def add_keys(self, typed: TypedText, *, is_open: bool) -> bool:
        """Give a program the lines that were typed into it with keys; return whether there is such a program."""
        effects = {self._find_effect(stage) for stage in self.line.stages}
        stage = next((stage for stage in reversed(self.line.stages) if self._takes_keys(stage)), None)
        if stage is None or effects & {Effect.EDITOR, Effect.VIEWER}:
            return False
        command = parse_docker_command(parse_stage(stage, self.aliases))
        is_started = command is not None and command.verb == "run"
        if command and (typed.is_detached or (is_open and is_started and typed.lines)):
            self._detach_container(stage, typed)
            return True
        if not "".join(typed.lines).strip() and typed.is_certain:
            return False
        shell_input = container_input.create_shell_input(typed, is_shell=self._is_shell(stage))
        self.doubts += shell_input.doubts
        if command is None and self._find_effect(stage) is Effect.SHELL:
            self._replace_shell(stage)
        self._add_input_edit(stage, shell_input.text)
        return True

    def add_input(self, texts: Sequence[str]) -> bool:
        """Give the line what was typed into its standard input; return whether there is such a text."""
        readers = typed_input.list_input_readers(self.line, self.aliases)
        if not readers and not any(text.strip() for text in texts):
            return False
        inputs = [text for text in texts if text]
        if not inputs or self.has_input:
            return False
        if not any(typed_input.may_read_input(stage, self.aliases) for stage in self.line.commands):
            self.doubts.append(_TEXT_LEFT_OUT)
            return False
        if self.line.has_here_document:
            self.doubts.append(_TEXT_LEFT_OUT)
            return False
        if len(readers) == len(inputs) > 0 and all(self._can_have_body(stage.full_end) for stage in readers):
            for stage, text in zip(readers, inputs, strict=True):
                self._add_input_edit(stage, text)
            return True
        if len(inputs) > 1:
            self.doubts.append("several texts were typed into it, each ended with Ctrl-D; the submission joins them")
        self._add_common_input("".join(inputs))
        return True

    def stop_waiting_for_swarm(self) -> bool:
        """Let commands that wait for the swarm end at once; return whether there is one."""
        is_changed = False
        for stage in self.line.stages:
            command = parse_docker_command(parse_stage(stage, self.aliases))
            if command and command.verb in tables.DOCKER_WAITING and not command.has_option("-d", "--detach"):
                edit = docker_terminal.insert_option(command, "--detach")
                self._edits += [edit] if edit else []
                is_changed = is_changed or edit is not None
        return is_changed

    def run_in_background(self, pipeline: Pipeline, job: str) -> None:
        """Run one pipeline in the background."""
        self._edits += background_jobs.create_background_edits(self.line, pipeline, job)

    def create_script(self) -> str:
        """Return the line with all changes."""
        script = text_edits.apply_edits(self.line.text, self._edits)
        if self._common_input is not None:
            edit = text_edits.create_input_edit(0, self._common_input)
            script = f"{{\n{script}\n}}{edit.text}" + (f"\n{edit.body}" if edit.body else "")
        # Nothing remains of a line that only opened several files in an editor.
        lines = [*self._first_lines, *([] if script == "true" else [script]), *self._last_lines]
        return "\n".join(lines or ["true"])

    def _find_effect(self, stage: Stage) -> Effect:
        return line_effects.find_effect(stage, self.aliases)

    def _takes_keys(self, stage: Stage) -> bool:
        effect = self._find_effect(stage)
        command = parse_docker_command(parse_stage(stage, self.aliases))
        if command:
            return docker_terminal.has_terminal(command) and effect not in (Effect.VIEWER, Effect.EDITOR)
        return effect in (Effect.SHELL, Effect.CHANGE)

    def _is_shell(self, stage: Stage) -> bool:
        command = parse_docker_command(parse_stage(stage, self.aliases))
        words = [word.text for word in command.operands[1:]] if command else ["sh"]
        return not words or words[0].rpartition("/")[2] in tables.SHELLS

    def _detach_container(self, stage: Stage, typed: TypedText) -> None:
        command = parse_docker_command(parse_stage(stage, self.aliases))
        if command is None:
            return
        if "".join(typed.lines).strip():
            self.doubts.append("what was typed into its container is left out, because the container still runs")
        if command.verb == "run" and (edit := docker_terminal.insert_option(command, "--detach")):
            self._remove_edits_within(stage.start, stage.end)
            self._edits.append(edit)
        elif command.verb in ("attach", "start"):
            self._remove_edits_within(stage.start, stage.full_end)
            self._edits.append(TextEdit(stage.start, stage.full_end, "true"))

    def _replace_shell(self, stage: Stage) -> None:
        program = parse_stage(stage, self.aliases).program
        if program in ("sudo", "su"):
            self._edits.append(TextEdit(stage.start, stage.end, "bash"))
        elif program not in ("sh", "bash", "dash"):
            self.doubts.append(f"what was typed into {program} may need a terminal")

    def _add_input_edit(self, stage: Stage, text: str) -> None:
        self.has_input = True
        if self._can_have_body(stage.full_end):
            self._edits.append(text_edits.create_input_edit(stage.full_end, text))
        else:
            self._add_common_input(text)

    def _add_common_input(self, text: str) -> None:
        self.has_input = True
        is_simple = len(self.line.stages) == 1 and self.line.stages[0].is_simple
        if is_simple and self._can_have_body(self.line.stages[0].full_end):
            self._edits.append(text_edits.create_input_edit(self.line.stages[0].full_end, text))
        else:
            self._common_input = text

    def _can_have_body(self, position: int) -> bool:
        """Return whether a here-document may start at a position: the text after its line must not be in quotes."""
        return "\n" not in self.line.text[position:] and not self.line.has_here_document

    def _remove_edits_within(self, start: int, end: int) -> None:
        self._edits = [edit for edit in self._edits if not (start <= edit.start and edit.end <= end)]
