"""Grades for the tests of reports: typical ones, and one with text that could break a report."""

from __future__ import annotations

from runner.checking.results import Outcome
from runner.grading.grade_model import BlockRun, Grade, Mark

TITLES = {"look": "Look", "find": "Find it"}
HASHES = dict.fromkeys(("lab", "checks", "submission"), f"sha256:{'0' * 64}")
PASSED = Mark("test_looked", "look", "It is looked at", Outcome.PASSED, 1, seconds=0.25)
FAILED = Mark(
    "test_found", "find", "It is found", Outcome.FAILED, 2.5, text="2; expected: 3", node="node1", see="ls -l"
)
ERROR = Mark("test_asked", "find", "It answers", Outcome.ERROR, 1, text="node1 is down. Start it.")
SKIPPED = Mark("test_gone", "find", "It is gone", Outcome.SKIPPED, 1, text="first finish 'Look'")
BONUS = Mark("test_more", "find", "There is more", Outcome.PASSED, 0.5, bonus=True)
HIDDEN = Mark(
    "test_secret_one",
    "look",
    "The secret exists",
    Outcome.FAILED,
    2,
    text="a secret",
    node="node1",
    see="x",
    hidden=True,
)
FAILED_RUN = BlockRun(7, "find", "node1", "false", 1, "no\n", complaint="it exited with 1, not with 0", seconds=0.1)


def make_grade(
    *marks: Mark, submission: str = "ada", trouble: str = "", problems: tuple[str, ...] = (), learner: str = ""
) -> Grade:
    """Return a grade for the lab 'tiny'; a learner has values."""
    return Grade(
        submission=submission,
        lab="tiny",
        driver="uml",
        marks=marks,
        titles=TITLES,
        runs=(FAILED_RUN,),
        problems=problems,
        trouble=trouble,
        hashes=HASHES,
        version="1",
        seconds=12.3,
        folder=f"class/{submission}",
        learner=learner,
        seed="autumn" if learner else "",
        values={"NAME": "shop", "PORT": "8561"} if learner else {},
    )


# Text that report formats, terminals, spreadsheets or CI workflows would interpret.
NASTY_TEXT = (
    "]]></failure>&<script>alert(1)</script>\x1b]0;t\x07\x00\r\n::error::pwned\n=cmd()|' # TODO x\nok 99\n"
    "| a | [l](javascript:x) `c` *b* \u202e\ud800 \ufffe %0A $GITHUB_ENV"
)


def _make_grade_with_text(text: str) -> Grade:
    return make_grade(
        Mark("test_a", "look", f"says {text}", Outcome.FAILED, 1, text=text, node="node1", see=text),
        Mark("test_b", "find", "b", Outcome.PASSED, 1),
        submission=f"=ev{text}il",
        learner=f"ev{text}il",
        problems=(f"submission.md:1: {text}",),
    )


ATTACK_GRADE, HARMLESS_GRADE = _make_grade_with_text(NASTY_TEXT), _make_grade_with_text("harmless")
ALL_GRADES = (
    make_grade(PASSED, FAILED, SKIPPED, BONUS, HIDDEN),
    make_grade(PASSED, ERROR, submission="bob"),
    make_grade(submission="eve", trouble="node1 never came up. Try again."),
    ATTACK_GRADE,
)
