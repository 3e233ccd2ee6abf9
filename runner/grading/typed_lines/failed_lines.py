"""Whether a line that failed may have changed something before it did."""

from __future__ import annotations

from runner.grading.typed_lines import line_effects
from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines.docker_commands import DockerCommand, parse_docker_command
from runner.grading.typed_lines.invocation import Aliases, parse_stage
from runner.grading.typed_lines.line_effects import Effect
from runner.grading.typed_lines.shell_syntax import Pipeline, ShellLine, Stage

# The exit statuses for a program that is not there or cannot be run.
NOT_STARTED = (126, 127)
_ENGINE_REFUSED = 125
# With this many operands, a program may succeed for some of them only. What is not listed may run other commands.
_OPERANDS = {
    **dict.fromkeys(("mkdir", "rm", "rmdir", "touch", "unlink", "mktemp"), 2),
    **dict.fromkeys(("cp", "mv", "ln", "chmod", "chown", "install"), 3),
    **dict.fromkeys(("kill", "killall", "pkill", "docker", "dockerd", "mount", "umount", "ip", "iptables", "curl"), 99),
}


def may_have_changed_something(line: ShellLine, exit_status: int, aliases: Aliases) -> bool:
    """Return whether a line that failed may have had an effect.

    Args:
        line: The line.
        exit_status: Its exit status.
        aliases: The aliases that were set when it was typed.

    """
    if not line.is_valid:
        # Bash refuses an entire line with wrong syntax.
        return False
    *earlier, last = line.pipelines
    if any(changes_shell(pipeline) or not _is_passive(pipeline, aliases) for pipeline in earlier):
        return True
    if len(last.stages) == 1 and exit_status in NOT_STARTED:
        command = parse_docker_command(parse_stage(last.stages[0], aliases))
        return command is not None and command.verb in ("run", "exec", "compose exec")
    return any(_may_change_partly(stage, exit_status, aliases) for stage in last.stages)


def changes_shell(pipeline: Pipeline) -> bool:
    """Return whether a pipeline changes the variables, functions, aliases or options of the shell."""
    stage = pipeline.stages[0]
    if len(pipeline.stages) > 1:
        return False
    declares = stage.kind in ("declaration_command", "unset_command", "function_definition")
    sets = stage.texts[:1] in (("alias",), ("unalias",), ("set",), ("shopt",), ("source",), (".",), ("umask",))
    return declares or sets or bool(stage.assignments and not stage.words)


def _is_passive(pipeline: Pipeline, aliases: Aliases) -> bool:
    # What an editor wrote is recorded.
    passive = (Effect.NOTHING, Effect.LOOKUP, Effect.ENDLESS, Effect.VIEWER, Effect.EDITOR)
    return all(line_effects.find_effect(stage, aliases) in passive for stage in pipeline.stages)


def _may_change_partly(stage: Stage, exit_status: int, aliases: Aliases) -> bool:
    effect = line_effects.find_effect(stage, aliases)
    if effect not in (Effect.CHANGE, Effect.SERVER, Effect.SHELL):
        return False
    if not stage.is_simple:
        return True
    invocation = parse_stage(stage, aliases)
    command = parse_docker_command(invocation)
    if command:
        return _may_docker_change_partly(command, exit_status)
    operands = [text for text in invocation.texts if not text.startswith("-")]
    if invocation.program in tables.LOOKUPS | tables.INSTANT_LOOKUPS:
        return False
    return len(operands) >= _OPERANDS.get(invocation.program, 0)


def _may_docker_change_partly(command: DockerCommand, exit_status: int) -> bool:
    if command.verb in ("run", "create") and exit_status == _ENGINE_REFUSED:
        # The container may exist, for example if its port was taken; without a name, it does not matter.
        return command.has_option("--name")
    if command.verb in tables.DOCKER_PARTIAL:
        return True
    return command.verb in tables.DOCKER_RETRYABLE and len(command.operands) > 1
