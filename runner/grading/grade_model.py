"""The grade of a submission as data: marks, points, and the JSON format `labs-grade/1` (see `grades.schema.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.checking.results import Outcome
from runner.errors import ExitCode
from runner.storage import codec

FORMAT = "labs-grade/1"


@dataclass(frozen=True, slots=True)
class Mark:
    """The points for one check.

    Attributes:
        check: The check's name.
        step: The id of the step it belongs to.
        says: What is true when it passes.
        outcome: Its result.
        points: The points for passing it.
        bonus: Whether these points are not part of the maximum.
        text: What was observed and expected, or why it could not run; empty if it passed.
        node: The node where that was observed.
        see: The command that shows it there.
        seconds: How long the check took.
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
    def earned_points(self) -> float:
        """The points that the submission gets."""
        return self.points if self.outcome is Outcome.PASSED else 0.0


@dataclass(frozen=True, slots=True)
class BlockRun:
    """The result of one shell block on one node.

    Attributes:
        line: The block's line in `submission.md`.
        step: The id of the step whose heading precedes it; empty if there is none.
        node: The node that it was run on.
        script: The commands, with placeholders filled in.
        exit_status: Its exit status; None if it was not run, or did not end.
        output: The part of its output and errors that is kept.
        cut: Whether there was more output.
        complaint: What went wrong, or why it was not run; empty if nothing did.
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
    """The sums of the points of several checks.

    Attributes:
        earned: The points that were earned, including bonus points.
        possible: The maximum, without bonus points.
        open: The points of checks that could not run.

    """

    earned: float = 0.0
    possible: float = 0.0
    open: float = 0.0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points that are added to those for checks, or taken away.

    Attributes:
        kind: 'manual' for points that an instructor gave, 'late' for a penalty.
        points: The points; negative if they are taken away.
        possible: The points that can be reached here, which are added to the maximum.
        item: What they are for; empty if that was not named.
        comment: The instructor's comment, or why the points are taken away.

    """

    kind: str
    points: float
    possible: float = 0.0
    item: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class LearnerIdentity:
    """A learner as course systems know them; what a roster does not contain is empty.

    Attributes:
        name: The full name.
        id: The ID in the institution.
        canvas_id: The number of the account in Canvas.
        login: The username.
        email: The e-mail address.
        section: The section of the class.

    """

    name: str = ""
    id: str = ""
    canvas_id: str = ""
    login: str = ""
    email: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Grade:
    """The grade of one submission.

    Attributes:
        submission: The name of its folder.
        lab: The name of the lab.
        driver: The name of the driver.
        marks: The points for each check, in lesson order, hidden ones last.
        titles: The title of each step, by its id, in lesson order.
        runs: The result of each block.
        problems: What is wrong with the submission, each as `file:line: message`.
        trouble: Why it could not be graded; empty if it was.
        hashes: The hashes of everything the grade depends on: 'lab', 'checks', 'submission', 'hidden' if there are
            hidden checks, 'values' if the learner has values.
        version: The version of labs.
        attempts: How many clusters were used.
        seconds: How long grading took.
        folder: The folder that contains `submission.md`, below the path that the user named.
        learner: The learner for whom values were drawn; empty if the default values were used.
        seed: The word with which they were drawn.
        values: The values that the submission had to use, by their names.
        identity: The learner in the roster; None if there is no roster.
        is_missing: Whether the learner handed nothing in, so that no check was run.
        submitted_at: When it was handed in, as ISO 8601 with an offset; empty if that is unknown.
        time_source: What says so; empty if it is unknown.
        adjustments: Manual points and the penalty for being late.
        notes: What happened to the submission on the way from the course system.

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
    identity: LearnerIdentity | None = None
    is_missing: bool = False
    submitted_at: str = ""
    time_source: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every check could run, or none was needed; only then the score is reliable."""
        if self.is_missing:
            return True
        return bool(self.marks) and not self.trouble and all(mark.outcome is not Outcome.ERROR for mark in self.marks)

    @property
    def score(self) -> Score:
        """The sum of all points, with manual points and penalties."""
        checks = self.check_score
        return Score(
            earned=max(0.0, checks.earned + sum(adjustment.points for adjustment in self.adjustments)),
            possible=checks.possible + sum(adjustment.possible for adjustment in self.adjustments),
            open=checks.open,
        )

    @property
    def check_score(self) -> Score:
        """The sum of the points for checks."""
        return compute_score(self.marks)

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
        """The exit code of `labs grade`; checks that could not run take precedence over missing points."""
        if not self.is_complete:
            return ExitCode.HOST
        if self.is_missing:
            return ExitCode.INCOMPLETE
        return ExitCode.DONE if self.score.earned >= self.score.possible else ExitCode.INCOMPLETE

    def to_json_dict(self) -> dict[str, Any]:
        """Return the grade as it appears in a report, with its score."""
        score = {**codec.to_builtins(self.score), "complete": self.is_complete}
        # The codec sorts mappings by their keys, but these are in lesson order.
        ordered = {"titles": dict(self.titles), "values": dict(self.values)}
        return {"format": FORMAT, "score": score, **codec.to_builtins(self), **ordered}


def compute_score(marks: tuple[Mark, ...]) -> Score:
    """Return the sum of the points for some checks."""
    return Score(
        earned=sum(mark.earned_points for mark in marks),
        possible=sum(mark.points for mark in marks if not mark.bonus),
        open=sum(mark.points for mark in marks if mark.outcome is Outcome.ERROR),
    )


def parse_grade_dict(data: object) -> Grade:
    """Return the grade that is in a report.

    Args:
        data: What `Grade.to_json_dict` returned, or a report's JSON that was parsed.

    Raises:
        ValueError: It is not a grade of this format.

    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise ValueError(f"it is not {FORMAT}")
    try:
        return codec.from_builtins(data, Grade)
    except codec.DecodeError as error:
        raise ValueError(f"it is not {FORMAT}: {error}") from error


def encode_grade_json(grade: Grade) -> str:
    """Return a grade as JSON text."""
    return json.dumps(grade.to_json_dict())


def decode_grade_json(text: str) -> Grade:
    """Return the grade that JSON text describes.

    Raises:
        ValueError: It is not a grade of this format.

    """
    return parse_grade_dict(json.loads(text))
