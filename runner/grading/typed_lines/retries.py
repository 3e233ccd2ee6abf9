"""How long to repeat a line that fails, because what it needs may not be ready yet."""

from __future__ import annotations

from collections.abc import Sequence

from runner.grading.typed_lines import line_effects
from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines.docker_commands import parse_docker_command
from runner.grading.typed_lines.invocation import Aliases, parse_stage
from runner.grading.typed_lines.line_effects import Effect
from runner.grading.typed_lines.shell_syntax import ShellLine, Stage, parse_line
from runner.progress.shell_record import HistoryEntry

_SECONDS, _LOCAL_SECONDS = 30, 10
_SECONDS_AFTER_ATTEMPTS, _MAX_SECONDS = 30, 180
_REPEATABLE = frozenset({Effect.LOOKUP, Effect.NOTHING, Effect.VIEWER})


def find_retry_seconds(line: ShellLine, aliases: Aliases) -> int:
    """Return how long to repeat a line that fails; 0 if repeating it could change something twice.

    A learner looks something up when it is there, and a program may be too early. Commands of Docker that fail
    entirely, such as `docker node rm`, are repeated as well, and so is a script that is named by its path.
    """
    # Of commands that do not depend on each other, one may have failed when it was typed.
    independent = [pipeline for pipeline in line.pipelines[:-1] if pipeline.separator not in ("&&", "||")]
    if not line.is_valid or any(
        _may_need_time(stage, aliases) for pipeline in independent for stage in pipeline.stages
    ):
        return 0
    changing = [stage for stage in line.commands if not _is_repeatable(stage, aliases)]
    if changing and (len(changing) > 1 or not (_is_script(line) or _fails_entirely(changing[0], line, aliases))):
        return 0
    waiting = [parse_stage(stage, aliases).program for stage in line.commands if _may_need_time(stage, aliases)]
    if not changing and not waiting:
        return 0
    return _SECONDS if changing or tables.REMOTE_LOOKUPS.intersection(waiting) else _LOCAL_SECONDS


def find_failed_attempts(entries: Sequence[HistoryEntry]) -> dict[int, list[int]]:
    """Return the indexes of the failed attempts of lines that were repeated on a node until they succeeded.

    A command of Docker that does things step by step has none: what it did before it failed remains.

    Args:
        entries: The lines, in order.

    Returns:
        The indexes of the attempts, oldest first, by the index of the line that succeeded.

    """
    attempts: dict[tuple[str, str], list[int]] = {}
    succeeded: dict[int, list[int]] = {}
    for index, entry in enumerate(entries):
        key = entry.node, entry.command_line
        has_own_input = entry.is_interrupted or entry.keys or entry.typed_input or entry.written_files
        if entry.exit_status and not has_own_input:
            attempts.setdefault(key, []).append(index)
        elif key in attempts and entry.exit_status == 0 and not _does_steps(entry):
            succeeded[index] = attempts.pop(key)
        else:
            attempts.pop(key, None)
    return succeeded


def find_seconds_of_attempts(first: HistoryEntry, last: HistoryEntry) -> int:
    """Return how long to repeat a line that the learner repeated until it succeeded."""
    return min(_MAX_SECONDS, int(last.started_at - first.started_at) + _SECONDS_AFTER_ATTEMPTS)


def list_awaited_variables(line: ShellLine, aliases: Aliases) -> list[str]:
    """Return the variables that a line sets to what only look-ups print, as in `ID=$(docker ps --quiet)`.

    Such an assignment succeeds even if there is nothing to print yet.
    """
    if len(line.pipelines) != 1 or len(line.stages) != 1 or not line.is_valid:
        return []
    stage = line.stages[0]
    words = stage.assignments if not stage.words else ()
    if stage.kind == "declaration_command" and stage.texts[:1] == ("export",):
        words = stage.words[1:]
    values = [word.text.partition("=") for word in words]
    commands = [command for nested in stage.nested for command in nested.list_commands()]
    has_lookup = any(_may_need_time(command, aliases) for command in commands)
    return [name for name, _, value in values if has_lookup and value.strip('"').startswith("$(")]


def _does_steps(entry: HistoryEntry) -> bool:
    commands = [parse_docker_command(parse_stage(stage, {})) for stage in parse_line(entry.command_line).commands]
    return any(command is not None and command.verb in tables.DOCKER_PARTIAL for command in commands)


def _is_script(line: ShellLine) -> bool:
    """Return whether a line runs only a script that is named by its path, such as `~/install-blog`.

    When it was typed, it did not fail. If it does, what it needs is not ready.
    """
    return len(line.stages) == 1 and "/" in "".join(line.stages[0].texts[:1])


def _is_repeatable(stage: Stage, aliases: Aliases) -> bool:
    own = Stage(stage.start, stage.end, stage.kind, stage.words, stage.assignments, (), ())
    if any(redirection.operator == ">>" for redirection in stage.redirections):
        return False
    is_overwriting = parse_stage(stage, aliases).program == "tee" and not {"-a", "--append"} & set(stage.texts)
    return is_overwriting or line_effects.find_effect(own, aliases) in _REPEATABLE


def _fails_entirely(stage: Stage, line: ShellLine, aliases: Aliases) -> bool:
    command = parse_docker_command(parse_stage(stage, aliases))
    if command is None or stage not in [pipeline.stages[0] for pipeline in line.pipelines]:
        return False
    is_waiting = command.verb in tables.DOCKER_WAITING and command.has_option("-d", "--detach")
    return is_waiting or command.verb in tables.DOCKER_RETRYABLE


def _may_need_time(stage: Stage, aliases: Aliases) -> bool:
    program = parse_stage(stage, aliases).program
    return bool(program) and program not in tables.INSTANT_LOOKUPS | tables.NOTHING
