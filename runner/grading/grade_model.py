"""What a submission is worth, as data; written as `labs-grade/1`, which `grades.schema.json` describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.checking.results import Outcome
from runner.errors import ExitCode
from runner.storage import codec

FORMAT = "labs-grade/1"


@dataclass(frozen=True, slots=True)
class Mark:
    """What one check has brought.

    Attributes:
        check: The check's name.
        step: The step it belongs to.
        says: What is true when it passes.
        outcome: How it ended.
        points: What it is worth.
        bonus: Whether these points come on top of what can be reached.
        text: What was seen and expected, or why it could not run; empty if it passed.
        node: Where that was seen.
        see: The command that shows it there.
        seconds: How long it took.
        hidden: Whether students may not see it.

    """

    check: str
    step: str
    says: str
    outcome: Outcome
    points: float
    bonus: bool = False
    text: str = ""
    node: str = ""
    see: str = ""
    seconds: float = 0.0
    hidden: bool = False

    @property
    def earned(self) -> float:
        """The points it has brought."""
        return self.points if self.outcome is Outcome.PASSED else 0.0


@dataclass(frozen=True, slots=True)
class BlockRun:
    """What came of one shell block on one node.

    Attributes:
        line: Its line in `submission.md`.
        step: The step it stands under; empty if there is none.
        node: Where it was typed.
        script: What was typed.
        exit_status: What it exited with; None if it was not typed, or has not ended.
        output: What came back, errors included, as far as it is kept.
        cut: Whether there was more.
        complaint: What was not as it must be, or why it was not typed; empty if there is nothing to say.
        seconds: How long it took.

    """

    line: int
    step: str
    node: str
    script: str
    exit_status: int | None = None
    output: str = ""
    cut: bool = False
    complaint: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """Points.

    Attributes:
        earned: The points that were reached, bonus included.
        possible: The points that can be reached, bonus left out.
        open: The points of checks that could not run, so that nobody knows.

    """

    earned: float = 0.0
    possible: float = 0.0
    open: float = 0.0


@dataclass(frozen=True, slots=True)
class Grade:
    """What a submission is worth.

    Attributes:
        submission: The name of its folder.
        lab: The lab.
        driver: What the nodes were made of.
        marks: What each check has brought, in lesson order, hidden ones last.
        titles: The title of each step, by its id, in lesson order.
        runs: What came of each block.
        problems: What is wrong with the submission, each as `file:line: message`.
        trouble: Why it could not be graded at all; empty if it was.
        hashes: Of what it stands on: 'lab', 'checks', 'submission', 'hidden' where there are hidden checks, 'values'
            where a learner has some.
        version: The version of labs.
        attempts: How many clusters it took.
        seconds: How long that took.
        folder: Where the submission lies, as it was named.
        learner: Whose values were drawn; empty if nobody's.
        seed: The word that they were drawn with.
        values: The values that it had to have, by their names.

    """

    submission: str
    lab: str
    driver: str
    marks: tuple[Mark, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[BlockRun, ...] = ()
    problems: tuple[str, ...] = ()
    trouble: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    attempts: int = 1
    seconds: float = 0.0
    folder: str = ""
    learner: str = ""
    seed: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether every check could run: only then is the score one to rely on."""
        return bool(self.marks) and not self.trouble and all(mark.outcome is not Outcome.ERROR for mark in self.marks)

    @property
    def score(self) -> Score:
        """All points together."""
        return sum_points(self.marks)

    @property
    def marks_by_step(self) -> dict[str, tuple[Mark, ...]]:
        """The marks of each step, by its id."""
        steps = dict.fromkeys(mark.step for mark in self.marks)
        return {step: tuple(mark for mark in self.marks if mark.step == step) for step in steps}

    @property
    def hidden_marks(self) -> tuple[Mark, ...]:
        """The marks that students may not see."""
        return tuple(mark for mark in self.marks if mark.hidden)

    @property
    def exit_code(self) -> ExitCode:
        """What `labs grade` ends with: what nobody knows outweighs unfinished work."""
        if not self.is_complete:
            return ExitCode.HOST
        return ExitCode.DONE if self.score.earned >= self.score.possible else ExitCode.INCOMPLETE

    def to_json(self) -> dict[str, Any]:
        """Return the grade as it appears in a report, with its score."""
        score = {**codec.to_builtins(self.score), "complete": self.is_complete}
        return {"format": FORMAT, "score": score, **codec.to_builtins(self)}


def sum_points(marks: tuple[Mark, ...]) -> Score:
    """Add points up."""
    return Score(
        earned=sum(mark.earned for mark in marks),
        possible=sum(mark.points for mark in marks if not mark.bonus),
        open=sum(mark.points for mark in marks if mark.outcome is Outcome.ERROR),
    )


def parse_grade(data: object) -> Grade:
    """Return the grade that is in a report.

    Args:
        data: What `Grade.to_json` returned, or a report's JSON that was parsed.

    Raises:
        ValueError: It is not a grade of this format.

    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise ValueError(f"it is not {FORMAT}")
    try:
        return codec.from_builtins(data, Grade)
    except codec.DecodeError as error:
        raise ValueError(f"it is not {FORMAT}: {error}") from error
