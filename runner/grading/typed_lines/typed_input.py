"""The text that a line's commands read from the keyboard."""

from __future__ import annotations

from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines.docker_commands import DockerCommand, parse_docker_command
from runner.grading.typed_lines.invocation import Aliases, Invocation, parse_stage
from runner.grading.typed_lines.shell_syntax import ShellLine, Stage


def list_input_readers(line: ShellLine, aliases: Aliases) -> list[Stage]:
    """Return the stages that certainly read what the user types."""
    return [
        pipeline.stages[0]
        for pipeline in line.pipelines
        if any(reads_input(command, aliases) for command in pipeline.stages[0].list_commands())
    ]


def reads_input(stage: Stage, aliases: Aliases) -> bool:
    """Return whether a command reads its standard input."""
    if any("<" in redirection.operator for redirection in stage.redirections):
        return False
    invocation = parse_stage(stage, aliases)
    command = parse_docker_command(invocation)
    if command:
        return _does_docker_read(command, invocation)
    operands = [text for text in invocation.texts if not text.startswith("-")]
    if "-" in invocation.texts or invocation.program in ("tee", *tables.QUESTIONERS):
        return True
    if invocation.program in tables.FILTERS:
        # The first operand of `tr`, `cut` and the like is not a file.
        return not operands or invocation.program in ("tr", "cut", "head", "tail", "xargs")
    return invocation.program in tables.SHELLS and not operands


def may_read_input(stage: Stage, aliases: Aliases) -> bool:
    """Return whether a command may read its standard input; of most commands of Docker we know that they do not."""
    invocation = parse_stage(stage, aliases)
    command = parse_docker_command(invocation)
    return command is None or _does_docker_read(command, invocation)


def _does_docker_read(command: DockerCommand, invocation: Invocation) -> bool:
    if command.verb.endswith("prune"):
        return not command.has_option("-f", "--force")
    if command.verb in ("load", "login", "swarm unlock", "import"):
        return True
    if command.verb in ("compose exec", "compose run", "attach"):
        return True
    if command.verb in ("run", "exec", "start"):
        return command.has_option("-i", "--interactive")
    return "-" in invocation.texts or command.verb == "compose rm"
