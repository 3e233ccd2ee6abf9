"""A submission: `submission.md`, in the format of lessons, and the files beside it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.checking.timeout import TimeLimit
from runner.grading import collect
from runner.grading.resource_limits import ResourceLimits
from runner.lessons import markdown_page
from runner.lessons.markdown_page import MarkdownPage
from runner.lessons.model import Command, Lab
from runner.lessons.problems import BrokenLessonError, Problem, sort_problems

_ID = re.compile(r"\{#([a-z][a-z0-9-]*)\}$")
_FRONT = re.compile(r"\ufeff?---\r?\n(.*?)^---\r?$", re.DOTALL | re.MULTILINE)
_LAB = re.compile(r"^lab:[ \t]*[\"']?([a-z][a-z0-9-]*)[\"']?[ \t]*\r?$", re.MULTILINE)
_PARSING_SECONDS = 20
_LONGEST_BLOCK, _MOST_BLOCKS = 64 << 10, 300
_LONGEST_PROBLEM = 500
_MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class SubmissionBlock:
    """One shell block of a submission.

    Attributes:
        command: The block, with those nodes that there are, each once.
        step: The id of the lab's step whose heading it stands under; empty if there is none.
        problems: Why it cannot be typed; empty if it can.

    """

    command: Command
    step: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """What a learner has handed in.

    Attributes:
        name: The name of its folder.
        files: A folder with copies of its other files, for the nodes.
        blocks: Its shell blocks, in their order.
        problems: What is wrong with it, each as `file:line: message`.
        digest: A hash of all of it that was taken, as `sha256:...`.

    """

    name: str
    files: Path
    blocks: tuple[SubmissionBlock, ...]
    problems: tuple[str, ...]
    digest: str


def parse_submission(
    folder: Path,
    lab: Lab,
    scratch: Path,
    limits: ResourceLimits,
    left_out: Sequence[tuple[str, int, str]] | None = None,
) -> Submission:
    """Read a submission as far as it can be read; what is wrong with it is told in `problems`.

    Args:
        folder: The submission.
        lab: What it is for.
        scratch: An empty folder, for copies of its files.
        limits: How large it may be.
        left_out: What was left out of it elsewhere, as file, line and reason; None if `folder` holds all of it.

    """
    files = scratch / "files"
    files.mkdir()
    taken = collect.take(folder, files, limits)
    problems = list(taken.problems)
    if left_out is not None:
        problems = [Problem(folder / name, line, reason) for name, line, reason in left_out]
    blocks: tuple[SubmissionBlock, ...] = ()
    if taken.text:
        text = scratch / collect.SUBMISSION_FILE
        text.write_bytes(taken.text)
        try:
            with TimeLimit(_PARSING_SECONDS, f"Reading {collect.SUBMISSION_FILE}"):
                found = markdown_page.read_page(text, lab.name, nodes=frozenset(lab.lesson.topology.names))
            blocks = _blocks(found, lab)
            problems += [Problem(folder / collect.SUBMISSION_FILE, one.line, one.message) for one in found.problems]
        except BrokenLessonError as error:
            problems += [Problem(folder / collect.SUBMISSION_FILE, one.line, one.message) for one in error.problems]
        except RecursionError:
            problems.append(Problem(folder / collect.SUBMISSION_FILE, 1, "it is nested too deeply to be read"))
    if not blocks and not problems:
        problems.append(Problem(folder / collect.SUBMISSION_FILE, 1, "there is no shell block in it, as ```sh node1"))
    return Submission(folder.resolve().name, files, blocks, _told(problems, folder), digest_of(taken.text, files))


def _blocks(read: MarkdownPage, lab: Lab) -> tuple[SubmissionBlock, ...]:
    found: list[SubmissionBlock] = []
    for section in read.sections:
        match = _ID.search(section.title)
        step = match[1] if match and lab.lesson.find_step(match[1]) else ""
        for command in section.commands:
            if len(command.script) + sum(map(len, command.expected_output)) > _LONGEST_BLOCK:
                read.add_problem(command.line, f"the block is larger than {_LONGEST_BLOCK >> 10} kB")
            if len(found) == _MOST_BLOCKS:
                read.add_problem(command.line, f"more than {_MOST_BLOCKS} blocks; this one and all after it are left out")
                return tuple(found)
            own = [one.message[:_LONGEST_PROBLEM] for one in read.problems if one.line == command.line]
            # A node that is named a hundred thousand times would be a hundred thousand times in the report.
            nodes = tuple(name for name in dict.fromkeys(command.nodes) if name in read.node_names)
            found.append(SubmissionBlock(replace(command, nodes=nodes), step, tuple(own[:_MOST_PROBLEMS])))
    return tuple(found)


def _told(problems: Iterable[Problem], folder: Path) -> tuple[str, ...]:
    """Return problems as lines that name files as the learner does, and not where they lie for us."""
    found = sort_problems(problems)
    lines = [f"{one.path.relative_to(folder)}:{one.line}: {one.message}"[:_LONGEST_PROBLEM] for one in found]
    more = len(lines) - _MOST_PROBLEMS
    return tuple(lines[:_MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else []))


def digest_of(text: bytes, files: Path) -> str:
    """Return a hash of all that was taken of a submission: its text, and the copies of its files."""
    own = f"{collect.SUBMISSION_FILE}\0{hashlib.sha256(text).hexdigest()}\n"
    return hash_lines([own, *(describe_file(files, path) for path in sorted(files.rglob("*")) if path.is_file())])


def describe_file(root: Path, file: Path) -> str:
    """Return a line that changes with a file's place below a folder, its content, and whether it can be run."""
    kind = "x" if os.access(file, os.X_OK) else "-"
    return f"{file.relative_to(root)}\0{kind}{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


def hash_lines(lines: Iterable[str]) -> str:
    """Return a hash of lines, as `sha256:...`."""
    made = hashlib.sha256()
    for line in lines:
        made.update(line.encode("utf-8", "surrogateescape"))
    return f"sha256:{made.hexdigest()}"


def read_lab_name(folder: Path, limits: ResourceLimits) -> str | None:
    """Return the lab that a submission says it is for, in its front matter; None if it says none, or nothing sound."""
    found = _FRONT.match(collect.read_submission_text(folder, limits).decode("utf-8", "replace"))
    match = _LAB.search(found[1]) if found else None
    return match[1] if match else None


def find_submissions(paths: Sequence[Path]) -> list[Path]:
    """Return the submissions that paths lead to: each folder itself, or those in it if it is none.

    A folder is one if it holds a `submission.md`. One that holds such folders is a class: everybody's folder counts,
    also of those whose `submission.md` is missing or misspelt.
    """
    found: list[Path] = []
    for path in paths:
        is_class = not os.path.lexists(path / collect.SUBMISSION_FILE) and any(
            path.glob(f"*/{collect.SUBMISSION_FILE}")
        )
        everybody = sorted(one for one in path.iterdir() if one.is_dir() and one.name[0] != ".") if is_class else [path]
        found += everybody
    return list(dict.fromkeys(found))
