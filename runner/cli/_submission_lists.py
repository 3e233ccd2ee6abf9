"""What `labs submit` prints about lines that are left out, and lines that may not do the same again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from runner import sanitize
from runner.cli import _console
from runner.grading.submission_writer import SubmissionDraft
from runner.grading.typed_lines.script_block import Remark
from runner.lessons.model import Lab
from runner.progress.model import Progress, StepCompletion

_MAX_LINE_LENGTH = 48


def print_lists(draft: SubmissionDraft) -> None:
    """Print which lines are left out, and which ones the learner should check."""
    failed = [f"{_format_count(draft.failed_count, 'line')} that failed"] if draft.failed_count else []
    _print_remarks("Left out", draft.left_out, failed)
    _print_remarks("Check these lines", draft.doubtful, [])


def print_steps_completed_by_labs(lab: Lab, progress: Progress) -> None:
    """Print the steps that `labs` completed on the cluster: their commands were not typed by the learner."""
    played = [
        step.title for step in lab.lesson.steps if progress.completed_on_cluster.get(step.id) is StepCompletion.PLAYED
    ]
    if played:
        console = _console.get_stdout()
        console.print(Text("Steps that labs completed for you, which are not in the submission:", style="bold"))
        for title in played:
            console.print(Text(f"  {title}"))


def _print_remarks(heading: str, remarks: Sequence[Remark], more: Sequence[str]) -> None:
    console = _console.get_stdout()
    console.print(Text(f"{heading}:", style="bold"))
    counts = Counter(Remark(remark.node, _shorten_line(remark.line), remark.reason) for remark in remarks)
    for remark, count in counts.items():
        times = f" ({count} times)" if count > 1 else ""
        first = Text.assemble("  ", (remark.node, "magenta"), f"  {remark.line}{times}")
        console.print(first, soft_wrap=True)
        console.print(Text(f"    {sanitize.strip_control_chars(remark.reason)}", style="dim"), soft_wrap=True)
    for line in more:
        console.print(Text(f"  {line}"))
    if not counts and not more:
        console.print(Text("  nothing"))


def _shorten_line(line: str) -> str:
    text = sanitize.strip_control_chars(" ".join(line.split()))
    return text if len(text) <= _MAX_LINE_LENGTH else f"{text[: _MAX_LINE_LENGTH - 3]}..."


def _format_count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
