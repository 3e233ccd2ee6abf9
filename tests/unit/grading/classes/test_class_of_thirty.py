"""A class of thirty goes from the download of Moodle or Canvas to the grade book, without renaming anything."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import jsonschema
import pytest

from runner.checking.results import Outcome
from runner.cli import _grade_class
from runner.cli._grade_class import ClassOptions
from runner.errors import UsageError
from runner.grading import grade_model, plan, reports
from runner.grading.batch import BatchGrader
from runner.grading.classes.roster import read_roster
from runner.grading.executor import StatusCallback
from runner.grading.grade_model import Grade, Mark
from runner.grading.job import PackedJob
from runner.grading.plan import GradingRequest
from tests.support import class_downloads, helpers

CHECKS = (("test_one", "look"), ("test_two", "find"), ("test_three", "find"))
TITLES = {"look": "Look", "find": "Find it"}
DUE = "2026-11-30 23:59"
MEMBERS = class_downloads.list_members()
SUBMITTED = [member for member in MEMBERS if not member.is_missing]


@dataclass
class TextExecutor:
    """Grades a submission by its text, without nodes: each file that it creates passes a check."""

    capacity: int = 4

    def grade_job(self, packed: PackedJob, on_status: StatusCallback) -> Grade:
        """Return the grade."""
        passed = class_downloads.read_points(packed.snapshot.text.decode("utf-8-sig"))
        marks = [
            Mark(check, step, f"{check} is done", Outcome.PASSED if index < passed else Outcome.FAILED, 1)
            for index, (check, step) in enumerate(CHECKS)
        ]
        return Grade(packed.job.submission_name, "tiny", "uml", tuple(marks), TITLES)

    def interrupt_jobs(self) -> None:
        """Do nothing: there is nothing to stop."""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the lab of the class."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    # Times without a zone are those of this computer.
    monkeypatch.setenv("TZ", "UTC")
    helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}{class_downloads.LESSON_STEPS}", checks=class_downloads.CHECKS)
    return tmp_path


def grade_class(path: Path, system: str | None, roster: Path | None = None, **options: object) -> list[Grade]:
    """Grade a download as `labs grade` does, without nodes."""
    unset = ClassOptions(system, roster, False, None, None, None, None)
    with _grade_class.open_class(replace(unset, **options), (path,), False) as members:  # type: ignore[arg-type]
        jobs = plan.plan_grading(GradingRequest(members.class_list.sources)).jobs
        batch = BatchGrader(TextExecutor(), lambda _job, _line: None)
        graded = batch.grade_jobs(jobs, lambda _job, _grade: None)
        return members.complete_grades([result.grade for result in graded], None)


def read_table(report: str, grades: list[Grade]) -> list[list[str]]:
    """Return the rows of a CSV report."""
    return list(csv.reader(io.StringIO(reports.render_report(report, grades).removeprefix("\ufeff"), newline="")))


def test_moodle(tree: Path) -> None:
    """All 30 learners get their points under their own username; those who handed nothing in get 0."""
    class_downloads.write_moodle_zip(tree / "COURSE-Lab 1-4321.zip")
    class_downloads.write_moodle_worksheet(tree / "worksheet.csv")
    grades = grade_class(tree / "COURSE-Lab 1-4321.zip", "moodle", tree / "worksheet.csv")
    head, *rows = read_table("moodle", grades)
    assert ["username", "grade item", "grade", "feedback"] == head
    expected = [[member.login, "tiny", str(0 if member.is_missing else member.points)] for member in MEMBERS]
    assert expected == [row[:3] for row in rows]
    missing = [row[0] for row in rows if "nothing was handed in" in row[3]]
    assert [member.login for member in MEMBERS if member.is_missing] == missing


def test_canvas(tree: Path) -> None:
    """All 30 learners get their points in the row by which Canvas finds them, with the section kept."""
    class_downloads.write_canvas_zip(tree / "submissions.zip")
    class_downloads.write_canvas_grade_book(tree / "gradebook.csv")
    grades = grade_class(tree / "submissions.zip", "canvas", tree / "gradebook.csv")
    head, possible, *rows = read_table("canvas", grades)
    assert ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "tiny"] == head
    assert ["Points Possible", "3"] == [possible[0], possible[5]]
    assert [
        [
            *(member.sortable_name, str(member.number), member.student_id, member.login, "Group A; Mon"),
            str(0 if member.is_missing else member.points),
        ]
        for member in MEMBERS
    ] == rows
    resubmitted = grades[class_downloads.RESUBMITTED]
    assert any("is graded, because 'submission.md' is older" in note for note in resubmitted.notes)


@pytest.mark.parametrize("system", ["moodle", "canvas"])
@pytest.mark.parametrize("wrapper", ["", "COURSE-Lab 1-4321"])
def test_extracted_download(system: str, wrapper: str, tree: Path) -> None:
    """A download that was extracted by hand, also into another folder, gives the same grades, and is not changed."""
    archive = tree / "download.zip"
    (class_downloads.write_moodle_zip if system == "moodle" else class_downloads.write_canvas_zip)(archive)
    folder = tree / "extracted" / wrapper
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    roster = tree / "roster.csv"
    (class_downloads.write_moodle_worksheet if system == "moodle" else class_downloads.write_canvas_grade_book)(roster)
    before = sorted(folder.rglob("*"))
    points = [grade.score for grade in grade_class(tree / "extracted", system, roster)]
    assert points == [grade.score for grade in grade_class(archive, system, roster)]
    assert before == sorted(folder.rglob("*"))


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-16", ";")]
)
@pytest.mark.parametrize(
    "write_roster", [class_downloads.write_moodle_worksheet, class_downloads.write_canvas_grade_book]
)
def test_roster_encodings(
    encoding: str, delimiter: str, write_roster: Callable[..., None], tree: Path, tmp_path: Path
) -> None:
    """A roster that Excel has saved in another encoding or with another delimiter contains the same learners."""
    write_roster(tmp_path / "roster.csv", encoding, delimiter)
    assert [member.login for member in MEMBERS] == [entry.key for entry in read_roster(tmp_path / "roster.csv").entries]


def test_moodle_deadline(tree: Path) -> None:
    """The worksheet's times and extensions count: of two late learners, the one with an extension loses nothing."""
    class_downloads.write_moodle_zip(tree / "download.zip")
    class_downloads.write_moodle_worksheet(tree / "worksheet.csv")
    grades = grade_class(tree / "download.zip", "moodle", tree / "worksheet.csv", due=DUE, late_penalty="10")
    late, extended = (grades[index] for index in class_downloads.LATE)
    # Two days begun, of each of which 10 % of 3 points are taken away; this learner has earned none.
    assert (0, 0) == (MEMBERS[15].points, late.score.earned)
    assert ["2 days late"] == [adjustment.comment.partition(":")[0] for adjustment in late.adjustments]
    assert (3, ()) == (extended.score.earned, extended.adjustments)
    assert 1 == sum(bool(grade.adjustments) for grade in grades)


def test_canvas_deadline(tree: Path) -> None:
    """Canvas marks what is late without a time: one day counts, unless the roster has the time."""
    class_downloads.write_canvas_zip(tree / "submissions.zip")
    class_downloads.write_canvas_grade_book(tree / "gradebook.csv")
    grades = grade_class(tree / "submissions.zip", "canvas", tree / "gradebook.csv", due=DUE, late_penalty="10")
    late = grades[class_downloads.LATE[1]]
    assert 3 == late.check_score.earned
    assert 2.7 == pytest.approx(late.score.earned)
    assert "late by an unknown time, counted as 1 day" in late.adjustments[0].comment


def test_statistics_and_every_report(tree: Path) -> None:
    """The JSON report matches its schema and has the figures of the class; all other reports can be written."""
    class_downloads.write_moodle_zip(tree / "download.zip")
    class_downloads.write_moodle_worksheet(tree / "worksheet.csv")
    manual = tree / "manual.csv"
    manual.write_text("learner;points;possible;item;comment\n-jan;1,5;2;Report;Well written\n", "utf-8")
    grades = grade_class(tree / "download.zip", "moodle", tree / "worksheet.csv", manual=manual)
    data = json.loads(reports.render_report("json", grades))
    schema = json.loads(Path(grade_model.__file__).with_name("grades.schema.json").read_text("utf-8"))
    jsonschema.validate(data, schema)
    (lab,) = data["statistics"]
    total = sum(member.points for member in SUBMITTED) + 1.5
    assert (27, 3, 0) == (lab["submissions"], lab["missing"], lab["incomplete"])
    assert lab["mean"] == pytest.approx(total / 27, abs=1e-3)
    assert 5 == lab["possible"]
    passed = {check["check"]: check["passed"] for check in lab["checks"]}
    assert {
        check: sum(member.points > index for member in SUBMITTED) for index, (check, _) in enumerate(CHECKS)
    } == passed
    for name in set(reports.FORMATS) - reports.SINGLE_SUBMISSION_FORMATS:
        reports.write_report(name, tree / f"report-{name}", grades, ())


def test_unknown_learners_are_named(tree: Path) -> None:
    """A submission whose learner is not in the roster stops the command, which names it and similar learners."""
    class_downloads.write_moodle_zip(tree / "download.zip")
    class_downloads.write_moodle_worksheet(tree / "worksheet.csv")
    lines = (tree / "worksheet.csv").read_text("utf-8-sig").splitlines()
    (tree / "worksheet.csv").write_text("\n".join(line for line in lines if "Grace Hopper" not in line), "utf-8")
    with pytest.raises(UsageError, match=r"(?s)learner of 1 submission is not known.*Grace Hopper.*not in the roster"):
        grade_class(tree / "download.zip", "moodle", tree / "worksheet.csv")
    grades = grade_class(tree / "download.zip", "moodle", tree / "worksheet.csv", skip_unmatched=True)
    assert 29 == len(grades)


def test_wrong_course_system(tree: Path) -> None:
    """A download of another course system is refused with what it contains and which option it needs."""
    class_downloads.write_canvas_zip(tree / "submissions.zip")
    with pytest.raises(UsageError, match=r"(?s)is not a download from Moodle.*looks like .*'--from canvas'"):
        grade_class(tree / "submissions.zip", "moodle")


@pytest.mark.parametrize("system", ["moodle", "canvas"])
def test_without_a_roster(system: str, tree: Path) -> None:
    """Without a roster, each of the 27 submissions has its own name, also those of two learners of one name."""
    archive = tree / "download.zip"
    (class_downloads.write_moodle_zip if system == "moodle" else class_downloads.write_canvas_zip)(archive)
    grades = grade_class(archive, system)
    assert 27 == len({grade.submission for grade in grades})
    assert sum(member.points for member in SUBMITTED) == sum(grade.score.earned for grade in grades)
