"""Parse a submission: the shell blocks of its `submission.md`, which is in the format of lessons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from runner.checking.timeout import TimeLimit
from runner.grading.snapshot import SUBMISSION_FILE, UnpackedSnapshot
from runner.lessons import code_blocks, markdown_page
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import Command, Lab
from runner.lessons.problems import BrokenLessonError, Problem, sort_problems

_STEP_ID = re.compile(r"\{#([a-z][a-z0-9-]*)\}$")
_PARSE_SECONDS = 20
MAX_BLOCK_LENGTH, MAX_BLOCKS = 64 << 10, 300
_MAX_PROBLEM_LENGTH, _MAX_PROBLEMS = 500, 50


@dataclass(frozen=True, slots=True)
class SubmissionBlock:
    """One shell block of a submission.

    Attributes:
        command: The block, with those of its nodes that exist, each once.
        step: The id of the lab's step whose heading precedes it; empty if there is none.
        problems: Why it cannot be run; empty if it can.

    """

    command: Command
    step: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A parsed submission.

    Attributes:
        name: The name of its folder.
        files_folder: A folder with copies of all files but `submission.md`, for the nodes.
        blocks: Its shell blocks, in their order.
        problems: What is wrong with it, each as `file:line: message`.
        digest: The hash of its snapshot.

    """

    name: str
    files_folder: Path
    blocks: tuple[SubmissionBlock, ...]
    problems: tuple[str, ...]
    digest: str


def parse_submission(snapshot: UnpackedSnapshot, lab: Lab) -> Submission:
    """Parse as much of a submission as possible; everything wrong with it is listed in `problems`.

    Args:
        snapshot: The submission's files.
        lab: The lab that it is for.

    """
    blocks: tuple[SubmissionBlock, ...] = ()
    problems: list[Problem] = []
    if snapshot.text_file:
        try:
            with TimeLimit(_PARSE_SECONDS, f"Parsing {SUBMISSION_FILE}"):
                page = markdown_page.read_page(
                    snapshot.text_file, lab.name, node_names=frozenset(lab.lesson.topology.node_names)
                )
                blocks = _list_blocks(page, lab)
                problems += [_create_problem(problem.line, problem.message) for problem in page.problems]
                problems += _list_ignored_blocks(page)
        except BrokenLessonError as error:
            problems += [_create_problem(problem.line, problem.message) for problem in error.problems]
        except RecursionError:
            problems.append(_create_problem(1, "its Markdown is nested too deeply"))
    is_text_excluded = any(problem.path == Path(SUBMISSION_FILE) for problem in snapshot.problems)
    if not blocks and not problems and not is_text_excluded:
        problems.append(_create_problem(1, "has no shell block; a block starts with its node: ```sh node1"))
    problems = [*snapshot.problems, *problems]
    return Submission(snapshot.name, snapshot.files_folder, blocks, _format_problems(problems), snapshot.digest)


def _create_problem(line: int, message: str) -> Problem:
    # The copy's own path would mean nothing to the learner.
    return Problem(Path(SUBMISSION_FILE), line, message)


def _list_blocks(page: MarkdownPage, lab: Lab) -> tuple[SubmissionBlock, ...]:
    blocks: list[SubmissionBlock] = []
    for section in page.sections:
        match = _STEP_ID.search(section.title)
        step = match[1] if match and lab.lesson.find_step(match[1]) else ""
        for command in section.commands:
            if len(command.script) + sum(map(len, command.expected_output)) > MAX_BLOCK_LENGTH:
                page.add_problem(command.line, f"the block is larger than {MAX_BLOCK_LENGTH >> 10} kB")
            if len(blocks) == MAX_BLOCKS:
                page.add_problem(
                    command.line, f"more than {MAX_BLOCKS} blocks; this block and all after it are ignored"
                )
                return tuple(blocks)
            messages = [
                problem.message[:_MAX_PROBLEM_LENGTH] for problem in page.problems if problem.line == command.line
            ]
            # Each node once: a block could name a node a hundred thousand times, and the report would repeat it.
            nodes = tuple(name for name in dict.fromkeys(command.nodes) if name in page.node_names)
            blocks.append(SubmissionBlock(replace(command, nodes=nodes), step, tuple(messages[:_MAX_PROBLEMS])))
    return tuple(blocks)


def _list_ignored_blocks(page: MarkdownPage) -> Iterator[Problem]:
    """Yield the blocks that a learner may have meant to be run: in a submission, nothing is there only to be read."""
    node_names = frozenset(page.node_names)
    for line, message in code_blocks.find_ignored_blocks(page.tokens, page.lines, node_names, may_show_others=False):
        yield _create_problem(line, message)


def _format_problems(problems: Iterable[Problem]) -> tuple[str, ...]:
    lines = [
        f"{problem.path}:{problem.line}: {problem.message}"[:_MAX_PROBLEM_LENGTH] for problem in sort_problems(problems)
    ]
    excess = len(lines) - _MAX_PROBLEMS
    return tuple(lines[:_MAX_PROBLEMS] + ([f"and {excess} more"] if excess > 0 else []))
