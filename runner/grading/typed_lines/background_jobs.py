"""Programs that ran in the foreground until the user ended them: they are run in the background instead."""

from __future__ import annotations

import math

from runner.grading.typed_lines.shell_syntax import Pipeline, ShellLine
from runner.grading.typed_lines.text_edits import TextEdit

# How long a program gets to take effect before the next line runs, or before it is interrupted.
MAX_SECONDS = 20
# How long to wait for its end: Docker gives a container 10 seconds.
_END_SECONDS = 30


def create_background_edits(line: ShellLine, pipeline: Pipeline, job: str) -> list[TextEdit]:
    """Return the edits that run a pipeline in the background, in a process group that can be interrupted.

    Args:
        line: The line.
        pipeline: The pipeline.
        job: The name of the variable for the process group's number.

    """
    has_own_output = len(pipeline.stages) > 1 or pipeline.stages[0].redirections or not pipeline.stages[0].is_simple
    opening, closing = ("{ ", "; }") if has_own_output else ("", "")
    start = TextEdit(pipeline.start, pipeline.start, f"set -m\n{opening}")
    end = f"{closing} > /dev/null 2>&1 &\n{job}=$!\nset +m"
    if line.pipelines == (pipeline,) and not pipeline.separator:
        return [start, TextEdit(pipeline.end, pipeline.end, end)]
    # In the middle of a line, braces keep it one command.
    start = TextEdit(pipeline.start, pipeline.start, f"{{ set -m; {opening}")
    end = f"{closing} > /dev/null 2>&1 & {job}=$!; set +m; }}"
    return [start, TextEdit(pipeline.end, pipeline.end, end)]


def create_pause(seconds: float) -> str:
    """Return the command that gives a program in the background as much time as the user gave it, within limits."""
    return f"sleep {min(max(math.ceil(seconds), 1), MAX_SECONDS)}"


def create_end_script(job: str, *, is_interrupted: bool) -> str:
    """Return the script that waits for the end of a program in the background.

    Args:
        job: The name of the variable for the process group's number.
        is_interrupted: Whether to interrupt it first, as Ctrl-C does.

    """
    interrupt = f"kill -INT -- -${job}\n" if is_interrupted else ""
    return f"{interrupt}timeout {_END_SECONDS} tail --pid=${job} --follow /dev/null"
