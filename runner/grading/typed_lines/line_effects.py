"""What the commands of a line do: look something up, wait for the user, or change something."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from runner.grading.typed_lines import program_tables as tables
from runner.grading.typed_lines import shell_syntax
from runner.grading.typed_lines.docker_commands import DockerCommand, parse_docker_command
from runner.grading.typed_lines.invocation import Aliases, Invocation, parse_invocation, parse_stage
from runner.grading.typed_lines.shell_syntax import ShellLine, Stage

_HARMLESS_TARGETS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "1", "2", "-"})
_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Effect(Enum):
    """What a command does."""

    NOTHING = auto()
    """Nothing that lasts, such as `clear` and `exit`."""
    LOOKUP = auto()
    """It only shows something, and ends."""
    ENDLESS = auto()
    """It only shows something, until the user ends it."""
    VIEWER = auto()
    """It shows something on a terminal, until the user quits."""
    EDITOR = auto()
    """It lets the user write files."""
    SHELL = auto()
    """It runs what the user types into it."""
    SERVER = auto()
    """It changes something, and may go on until the user ends it."""
    CHANGE = auto()
    """It changes something, or may do so."""


# The programs whose arguments make no difference. `docker` without a subcommand shows its help.
_EFFECTS = {
    **dict.fromkeys(tables.NOTHING, Effect.NOTHING),
    **dict.fromkeys(tables.EDITORS, Effect.EDITOR),
    **dict.fromkeys(tables.VIEWERS, Effect.VIEWER),
    **dict.fromkeys(("docker", "docker-compose"), Effect.LOOKUP),
}
_PASSIVE = frozenset({Effect.NOTHING, Effect.LOOKUP, Effect.ENDLESS, Effect.VIEWER})


def find_effect(stage: Stage, aliases: Aliases) -> Effect:
    """Return what a stage of a pipeline does, with the commands that are nested in it."""
    nested = [find_effect(command, aliases) for command in stage.nested]
    if not stage.is_simple:
        return _combine_effects(nested)
    effect = find_invocation_effect(parse_stage(stage, aliases), aliases) if stage.words else Effect.LOOKUP
    if effect is Effect.SHELL and any("<" in redirection.operator for redirection in stage.redirections):
        effect = Effect.CHANGE
    if writes_file(stage):
        effect = {Effect.ENDLESS: Effect.SERVER, Effect.LOOKUP: Effect.CHANGE}.get(effect, effect)
    return effect if all(other in _PASSIVE for other in nested) else Effect.CHANGE


def is_passive(line: ShellLine, aliases: Aliases) -> bool:
    """Return whether nothing on a line changes anything."""
    return line.is_valid and all(find_effect(stage, aliases) in _PASSIVE for stage in line.stages)


def writes_file(stage: Stage) -> bool:
    """Return whether a stage writes its output to a file."""
    return any(
        ">" in redirection.operator and redirection.target not in _HARMLESS_TARGETS
        for redirection in stage.redirections
    )


def find_invocation_effect(invocation: Invocation, aliases: Aliases) -> Effect:
    """Return what a program does with its arguments."""
    program = invocation.program
    docker_command = parse_docker_command(invocation)
    if docker_command:
        return _find_docker_effect(docker_command, aliases)
    if program in tables.SHELLS or program in ("sudo", "nsenter"):
        return _find_shell_effect(invocation, aliases)
    if program == "kubectl":
        return _find_kubectl_effect(invocation)
    is_server = program in tables.SERVERS and not invocation.has_option("-z")
    if is_server or (program.startswith("python") and "http.server" in invocation.texts):
        return Effect.SERVER
    if program in tables.LOOKUPS | tables.INSTANT_LOOKUPS:
        return _find_lookup_effect(invocation)
    return _EFFECTS.get(program, Effect.CHANGE)


def _combine_effects(effects: Iterable[Effect]) -> Effect:
    """Return what a compound command does: a loop of look-ups may go on for ever."""
    present = set(effects)
    if present <= {Effect.LOOKUP, Effect.NOTHING}:
        return Effect.LOOKUP
    return Effect.ENDLESS if present <= _PASSIVE else Effect.CHANGE


def _find_docker_effect(command: DockerCommand, aliases: Aliases) -> Effect:
    verb = command.verb
    is_following = verb.endswith("logs") and command.has_option("-f", "--follow")
    is_watching = verb.endswith("events") and not command.has_option("--until")
    if is_following or is_watching or (verb.endswith("stats") and not command.has_option("--no-stream")):
        return Effect.ENDLESS
    if verb in ("swarm join-token", "swarm unlock-key", "swarm ca") and command.has_option("--rotate"):
        return Effect.CHANGE
    if verb in tables.DOCKER_LOOKUPS:
        return Effect.LOOKUP
    if not command.is_attached:
        # `docker wait` ends when another command has ended the container.
        return Effect.SERVER if verb.endswith("wait") else Effect.CHANGE
    # A container with a name may be there for others while it runs.
    is_transient = verb in ("run", "compose run") and command.has_option("--rm") and not command.has_option("--name")
    if verb in ("exec", "compose exec") or is_transient:
        inner = find_invocation_effect(parse_invocation(command.operands[1:], {}), aliases)
        if command.operands[1:] and (inner in _PASSIVE or verb.endswith("exec")):
            return inner
    return Effect.SERVER


def _find_shell_effect(invocation: Invocation, aliases: Aliases) -> Effect:
    texts = list(invocation.texts)
    script = next((texts[index + 1] for index, text in enumerate(texts[:-1]) if text in ("-c", "-lc", "-ec")), None)
    if script is not None:
        line = shell_syntax.parse_line(script)
        return (
            _combine_effects(find_effect(stage, aliases) for stage in line.stages) if line.is_valid else Effect.CHANGE
        )
    operands = [text for text in texts if not text.startswith("-")]
    takes_target = invocation.program in ("ssh", "su", "chroot")
    return Effect.CHANGE if len(operands) > takes_target and invocation.program != "screen" else Effect.SHELL


def _find_kubectl_effect(invocation: Invocation) -> Effect:
    verb = next((text for text in invocation.texts if not text.startswith("-")), "")
    if verb == "edit":
        return Effect.EDITOR
    if verb in ("port-forward", "proxy", "attach"):
        return Effect.SERVER
    if verb not in tables.KUBECTL_LOOKUPS:
        return Effect.CHANGE
    return Effect.ENDLESS if invocation.has_option("-f", "-w", "--follow", "--watch") else Effect.LOOKUP


def _find_lookup_effect(invocation: Invocation) -> Effect:
    program, texts = invocation.program, set(invocation.texts)
    changing = tables.CHANGING_OPTIONS.get(program, ())
    is_reading = program == "curl" and bool(texts & _READ_METHODS)
    if not is_reading and (texts.intersection(changing) or _has_changing_option(invocation, changing)):
        return Effect.CHANGE
    limits = tables.ENDLESS_UNLESS.get(program)
    if limits is not None and not invocation.has_option(*limits):
        return Effect.ENDLESS
    if program in tables.ENDLESS_WITH and invocation.has_option(*tables.ENDLESS_WITH[program]):
        return Effect.ENDLESS
    if program == "sleep" and "infinity" in texts:
        return Effect.ENDLESS
    return Effect.LOOKUP


def _has_changing_option(invocation: Invocation, options: tuple[str, ...]) -> bool:
    names = [option for option in options if option.startswith("-")]
    # `find -exec` and the like are words with one dash.
    return invocation.program != "find" and bool(names) and invocation.has_option(*names)


def is_cancellable(line: ShellLine, aliases: Aliases) -> bool:
    """Return whether nothing remains of a line's last command if it is interrupted."""
    if len(line.pipelines) != 1:
        return False
    command = parse_docker_command(parse_stage(line.stages[0], aliases))
    return command is not None and command.verb in tables.DOCKER_CANCELLABLE


def is_management_command(stage: Stage, aliases: Aliases) -> bool:
    """Return whether a command asks an engine to do something, which the engine goes on doing without it."""
    command = parse_docker_command(parse_stage(stage, aliases))
    return command is not None and not command.is_attached


def is_docker_command(stage: Stage, aliases: Aliases) -> bool:
    """Return whether a command is one of Docker."""
    return parse_docker_command(parse_stage(stage, aliases)) is not None


def is_shell_on_node(stage: Stage, aliases: Aliases) -> bool:
    """Return whether a command opens another shell on the node itself."""
    return not is_docker_command(stage, aliases) and find_effect(stage, aliases) is Effect.SHELL
