"""How to run a line again that was typed on a terminal: its script, or why it is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from runner.grading.typed_lines import background_jobs, failed_lines, keystrokes, line_effects, retries, shell_syntax
from runner.grading.typed_lines.invocation import Aliases
from runner.grading.typed_lines.keystrokes import TypedText
from runner.grading.typed_lines.line_effects import Effect
from runner.grading.typed_lines.line_rewriter import LineRewriter
from runner.grading.typed_lines.shell_syntax import Pipeline, ShellLine
from runner.progress.shell_record import HistoryEntry

_INTERRUPTED_STATUS, _STOPPED_STATUS = 130, 148
# The kind of `while` and `until`, which may wait for what is typed in another terminal.
_LOOP = "while_statement"
_SHOWS_ONLY = "it only shows something"
_REPLACED = frozenset({Effect.VIEWER, Effect.ENDLESS, Effect.NOTHING})


class Ending(Enum):
    """How a line ended."""

    DONE = auto()
    FAILED = auto()
    INTERRUPTED = auto()
    """With Ctrl-C."""
    STOPPED = auto()
    """With Ctrl-Z, so that it still exists."""
    RUNNING = auto()
    """Not yet."""
    LOST = auto()
    """With its shell or terminal."""


_OPEN = frozenset({Ending.INTERRUPTED, Ending.STOPPED, Ending.RUNNING, Ending.LOST})


class Verdict(Enum):
    """What becomes of a line."""

    KEPT = auto()
    LEFT_OUT = auto()
    FAILED = auto()
    IGNORED = auto()
    """It did nothing, and need not be mentioned."""


@dataclass(frozen=True, slots=True)
class LineContext:
    """What was typed before, during and after a line.

    Attributes:
        aliases: The aliases that were set on the node.
        is_overlapped: Whether other lines were typed while it ran.
        seconds_to_next: The time to the next line on any node; None if there is none.
        allocate_job: Returns a new name for a program in the background.

    """

    aliases: Aliases
    is_overlapped: bool
    seconds_to_next: float | None
    allocate_job: Callable[[], str]


@dataclass(frozen=True, slots=True)
class LineReplay:
    """A line to run again, or the reason for which it is left out.

    Attributes:
        verdict: What becomes of the line.
        script: The script, without the change to its folder.
        reason: Why it is left out.
        doubts: Why it may not do the same as it did.
        retry_seconds: How long to repeat it if it fails.
        exit_status: The exit status to expect.
        end_script: What to run at the moment when the line ended.

    """

    verdict: Verdict
    script: str = ""
    reason: str = ""
    doubts: tuple[str, ...] = ()
    retry_seconds: int = 0
    exit_status: int = 0
    end_script: str = ""


_IGNORED = LineReplay(Verdict.IGNORED)


def plan_line(entry: HistoryEntry, context: LineContext) -> LineReplay:
    """Return how to run a line again."""
    line = shell_syntax.parse_line(entry.command_line)
    typed = keystrokes.interpret_keys(entry.keys)
    ending = find_ending(entry, typed)
    is_empty = not line.pipelines or _does_nothing(line, context.aliases)
    if entry.has_recorded_shell or (is_empty and not entry.written_files) or _is_unused_shell(line, entry, context):
        return _IGNORED
    if reason := _find_reason_to_leave_out(line, entry, ending, context):
        return LineReplay(Verdict.LEFT_OUT, reason=reason)
    if ending is Ending.FAILED and not (entry.written_files or "".join(typed.lines).strip()):
        exit_status = entry.exit_status or 0
        if not failed_lines.may_have_changed_something(line, exit_status, context.aliases):
            return LineReplay(Verdict.FAILED)
    return _rewrite_line(line, entry, typed, ending, context)


def find_ending(entry: HistoryEntry, typed: TypedText) -> Ending:
    """Return how a line ended."""
    # A shell in a container gets Ctrl-C as a key, and goes on.
    has_own_keys = bool("".join(typed.lines).strip())
    if entry.is_running:
        return Ending.RUNNING
    if entry.ended_at is None:
        return Ending.LOST
    if entry.exit_status == _STOPPED_STATUS:
        return Ending.STOPPED
    if not has_own_keys and (entry.is_interrupted or typed.is_interrupted or entry.exit_status == _INTERRUPTED_STATUS):
        return Ending.INTERRUPTED
    return Ending.FAILED if entry.exit_status else Ending.DONE


def _does_nothing(line: ShellLine, aliases: Aliases) -> bool:
    """Return whether a line is only something like `clear`, or changes only the folder, which is recorded anyway."""
    if not line.is_valid:
        return False
    is_change_of_folder = len(line.stages) == 1 and line.stages[0].texts[:1] in (("cd",), ("pushd",), ("popd",))
    return is_change_of_folder or all(
        line_effects.find_effect(stage, aliases) is Effect.NOTHING for stage in line.stages
    )


def _is_unused_shell(line: ShellLine, entry: HistoryEntry, context: LineContext) -> bool:
    """Return whether a line only opened another shell on the node, into which nothing was typed."""
    is_shell = len(line.stages) == 1 and line_effects.is_shell_on_node(line.stages[0], context.aliases)
    return is_shell and not entry.keys.strip() and not entry.typed_input


def _find_reason_to_leave_out(line: ShellLine, entry: HistoryEntry, ending: Ending, context: LineContext) -> str:
    """Return why a line is left out although it did not fail; empty if it is kept."""
    effects = [line_effects.find_effect(pipeline.stages[0], context.aliases) for pipeline in line.pipelines]
    is_open = ending in _OPEN
    if not line.is_valid and not is_open and entry.exit_status is None:
        return "only a part of it could be recorded"
    if line_effects.is_passive(line, context.aliases):
        return _find_reason_for_lookup(line, effects, ending, is_open=is_open)
    if set(effects) <= {Effect.EDITOR, Effect.NOTHING} and not entry.written_files:
        return _find_reason_for_editor(line, entry, ending, context)
    if ending is Ending.INTERRUPTED and entry.exit_status and line_effects.is_cancellable(line, context.aliases):
        return "you cancelled it with Ctrl-C"
    return ""


def _find_reason_for_lookup(line: ShellLine, effects: list[Effect], ending: Ending, *, is_open: bool) -> str:
    if ending is Ending.FAILED or any(failed_lines.changes_shell(pipeline) for pipeline in line.pipelines):
        return ""
    is_endless = any(effect in (Effect.ENDLESS, Effect.VIEWER) for effect in effects)
    if ending is Ending.INTERRUPTED:
        return f"{_SHOWS_ONLY}, and you ended it with Ctrl-C"
    if is_open:
        return f"{_SHOWS_ONLY}, and it had not ended"
    if is_endless and all(effect is not Effect.LOOKUP for effect in effects):
        return f"{_SHOWS_ONLY}, until it is ended"
    return ""


def _find_reason_for_editor(line: ShellLine, entry: HistoryEntry, ending: Ending, context: LineContext) -> str:
    is_in_container = any(line_effects.is_docker_command(stage, context.aliases) for stage in line.stages)
    if ending is Ending.FAILED:
        is_missing = entry.exit_status in failed_lines.NOT_STARTED
        return "the editor could not be started in the container" if is_missing and is_in_container else ""
    if ending in _OPEN:
        return "the editor is still open: save the file and quit first"
    if is_in_container:
        return "files that an editor in a container writes are not recorded: use 'cat > FILE' in the container instead"
    return "the editor changed no file" if entry.exit_status is not None else "what it wrote could not be recorded"


def _rewrite_line(
    line: ShellLine, entry: HistoryEntry, typed: TypedText, ending: Ending, context: LineContext
) -> LineReplay:
    rewriter = LineRewriter(line, context.aliases)
    rewriter.remove_terminals()
    if rewriter.remove_viewers(is_interrupted=entry.exit_status == _INTERRUPTED_STATUS) and ending in _OPEN:
        # What the user ended is not a part of it any more.
        ending = Ending.DONE
    rewriter.replace_editors(entry.written_files)
    is_open = ending in _OPEN
    has_hidden_input = entry.has_hidden_input and not rewriter.fill_hidden_input()
    # Keys that were typed into an editor are in the file.
    has_keys = not entry.written_files and rewriter.add_keys(typed, is_open=is_open)
    doubts = _list_doubts_about_record(line, entry, has_keys=has_keys, has_hidden_input=has_hidden_input)
    has_input = has_keys or rewriter.add_input(entry.typed_input)
    is_waiting = (is_open or context.is_overlapped) and rewriter.stop_waiting_for_swarm()
    pipeline = None if has_input or is_waiting else _find_background_pipeline(line, ending, context)
    has_own_status = ending is Ending.FAILED and not _replaces_last_command(line, context.aliases)
    replay = LineReplay(Verdict.KEPT, exit_status=(entry.exit_status or 0) if has_own_status else 0)
    if pipeline:
        job = context.allocate_job()
        rewriter.run_in_background(pipeline, job)
        replay = _plan_end(replay, job, ending)
        doubts += _list_background_doubts(line, pipeline, ending, context)
    elif is_open and not is_waiting and not (ending is Ending.INTERRUPTED and entry.exit_status == 0):
        doubts += _list_doubts_about_end(ending, has_typed_input=has_input and not entry.keys)
    elif not rewriter.has_input:
        retry_seconds = 0 if replay.exit_status else retries.find_retry_seconds(line, context.aliases)
        replay = replace(replay, retry_seconds=retry_seconds)
    script = rewriter.create_script()
    if pipeline:
        script = f"{script}\n{background_jobs.create_pause(_get_seconds_alone(entry, context))}"
    elif replay.retry_seconds:
        awaited = retries.list_awaited_variables(line, context.aliases)
        script += "".join(f' && [ -n "${name}" ]' for name in awaited)
    return replace(replay, script=script, doubts=(*doubts, *rewriter.doubts))


def _replaces_last_command(line: ShellLine, aliases: Aliases) -> bool:
    """Return whether the command that gave a line its exit status is an editor or another one that `true` replaces."""
    stages = line.pipelines[-1].stages if line.pipelines else ()
    effects = [line_effects.find_effect(stage, aliases) for stage in stages]
    return effects[-1:] == [Effect.EDITOR] or (len(effects) == 1 and effects[0] in _REPLACED)


def _list_doubts_about_record(
    line: ShellLine, entry: HistoryEntry, *, has_keys: bool, has_hidden_input: bool
) -> list[str]:
    doubts = []
    is_end_known = entry.ended_at is None or entry.exit_status is not None
    if not is_end_known and not line_effects.is_passive(line, {}):
        doubts.append("whether it failed was not recorded, because PROMPT_COMMAND was changed")
    if has_hidden_input:
        doubts.append("something was typed that the terminal did not show, such as a password")
    if has_keys and "".join(entry.typed_input).strip():
        # Into a shell that is not recorded, and into programs that it started, in an order that is not known.
        doubts.append("what was typed into programs that it started is left out")
    return doubts


def _find_background_pipeline(line: ShellLine, ending: Ending, context: LineContext) -> Pipeline | None:
    """Return the pipeline that must not run in the foreground, because only the user's doing ends it."""
    candidates = [pipeline for pipeline in line.pipelines if pipeline.separator != "&"]
    is_open = ending in _OPEN
    if not candidates or not (is_open or context.is_overlapped):
        return None
    for pipeline in reversed(candidates):
        effects = [line_effects.find_effect(stage, context.aliases) for stage in pipeline.stages]
        if Effect.SERVER in effects or any(stage.kind == _LOOP for stage in pipeline.stages):
            return pipeline
    is_docker = line_effects.is_management_command(candidates[-1].stages[0], context.aliases)
    return candidates[-1] if is_open and ending is not Ending.LOST and not is_docker else None


def _plan_end(replay: LineReplay, job: str, ending: Ending) -> LineReplay:
    if ending in (Ending.RUNNING, Ending.STOPPED, Ending.LOST):
        return replay
    script = background_jobs.create_end_script(job, is_interrupted=ending is Ending.INTERRUPTED)
    return replace(replay, exit_status=0, end_script=script)


def _get_seconds_alone(entry: HistoryEntry, context: LineContext) -> float:
    """Return how long a line ran before it ended or the next line was typed."""
    ended_after = entry.ended_at - entry.started_at if entry.ended_at is not None else None
    known = [time for time in (ended_after, context.seconds_to_next) if time is not None]
    return min(known, default=background_jobs.MAX_SECONDS)


def _list_background_doubts(line: ShellLine, pipeline: Pipeline, ending: Ending, context: LineContext) -> list[str]:
    effects = [line_effects.find_effect(stage, context.aliases) for stage in pipeline.stages]
    if ending is Ending.STOPPED:
        return ["you stopped it with Ctrl-Z; the submission lets it run in the background"]
    if ending is Ending.LOST:
        return _list_doubts_about_end(ending)
    if Effect.SERVER in effects:
        return []
    if ending is Ending.INTERRUPTED:
        return ["you ended it with Ctrl-C; the submission does so after the same time, but at most 20 s"]
    return ["it still runs; the submission runs it in the background"]


def _list_doubts_about_end(ending: Ending, *, has_typed_input: bool = False) -> list[str]:
    if has_typed_input and ending is Ending.INTERRUPTED:
        return []
    if has_typed_input and ending is Ending.RUNNING:
        return ["it still waits for input: end it with Ctrl-D first"]
    reasons = {
        Ending.INTERRUPTED: "you ended it with Ctrl-C; the submission lets it end alone",
        Ending.STOPPED: "you stopped it with Ctrl-Z; the submission lets it end alone",
        Ending.RUNNING: "it had not ended when the submission was written",
        Ending.LOST: "its shell or terminal was closed before it ended",
    }
    return [reasons[ending]]
