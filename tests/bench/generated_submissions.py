"""Generate submissions and grades for the benchmark from the commands and checks of a lesson."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner import __version__, paths
from runner.checking.results import Outcome
from runner.grading.grade_model import BlockRun, Grade, Mark
from runner.lessons import catalog, parse
from runner.lessons.lint import check_file_reader
from runner.lessons.model import Command, Lab, Step
from tests.bench import BENCH_LAB

# The distribution of outcomes in a class with good results.
_OUTCOMES = [Outcome.PASSED] * 8 + [Outcome.FAILED, Outcome.SKIPPED]
_OUTPUT = "ID  NAME  MODE  REPLICAS  IMAGE\nx8k2  web  replicated  3/3  nginx:alpine\n" * 6


def list_commands(lab: Lab) -> list[tuple[Step, Command]]:
    """Return all commands that lead through a lab, each with its step."""
    return [(step, command) for step in lab.lesson.steps for command in parse.load_solution_commands(lab, step)]


def render_submission(lab: Lab, author: str) -> str:
    """Return a `submission.md` that follows the complete lesson, and differs for each author."""
    parts = [f"---\nlab: {lab.name}\n---\n", f"By {author}.\n"]
    last = None
    for step, command in list_commands(lab):
        if step is not last:
            parts.append(f"## {step.title} {{#{step.id}}}\n")
            last = step
        parts.append(f"```sh {' '.join(_format_block_options(command))}\n{command.script}\n```\n")
        if command.expected_output:
            parts.append("```output\n" + "\n".join(command.expected_output) + "\n```\n")
    return "\n".join(parts)


def _format_block_options(command: Command) -> Iterator[str]:
    yield from command.nodes
    if command.capture_name:
        yield f"capture={command.capture_name}"
    if command.exit_status:
        yield f"exit={command.exit_status}"
    if command.retry_seconds:
        yield f"retry={command.retry_seconds:g}"


def write_submissions(folder: Path, lab: Lab, count: int) -> Path:
    """Write a class of submissions into a folder, and return the folder."""
    for number in range(count):
        (folder / f"s{number}").mkdir(parents=True)
        (folder / f"s{number}" / "submission.md").write_text(render_submission(lab, f"s{number}"), "utf-8")
    return folder


def generate_grades(count: int) -> list[Grade]:
    """Return random grades of a class in the benchmark lab, each with the output of all its commands."""
    lab = catalog.load_lab(BENCH_LAB)
    checks = check_file_reader.read_check_file(paths.checks_file(BENCH_LAB)).checks
    commands = list_commands(lab)
    titles = {step.id: step.title for step in lab.lesson.steps}
    generator = random.Random(1)
    return [_generate_grade(f"s{number}", titles, commands, checks, generator) for number in range(count)]


def _generate_grade(
    name: str,
    titles: dict[str, str],
    commands: Sequence[tuple[Step, Command]],
    checks: Sequence[check_file_reader.CheckFunction],
    generator: random.Random,
) -> Grade:
    marks = []
    for check in checks:
        outcome = generator.choice(_OUTCOMES)
        text = "" if outcome is Outcome.PASSED else f"{name} has 2 replicas; expected: 3"
        mark = Mark(
            check.name, check.step or "", check.says, outcome, 1, text=text, node="node1", see="docker service ls"
        )
        marks.append(mark)
    runs = [
        BlockRun(command.line, step.id, node, command.script, 0, _OUTPUT, seconds=0.4)
        for step, command in commands
        for node in command.nodes
    ]
    hashes = dict.fromkeys(("lab", "checks", "submission"), f"sha256:{'0' * 64}")
    return Grade(
        *(name, BENCH_LAB, "uml", tuple(marks), titles, tuple(runs)),
        hashes=hashes,
        version=__version__,
        seconds=80,
        folder=f"class/{name}",
    )
