"""Each report is read by a real reader of its format, and no text from a submission breaks it."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import html5lib
import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase
from markdown_it import MarkdownIt
from tap.parser import Parser  # type: ignore[import-untyped]

from runner.checking.results import Outcome
from runner.errors import HostError, UsageError
from runner.grading import reports
from runner.grading.grade_model import Adjustment, Grade, LearnerIdentity
from runner.grading.reports import report_texts
from runner.grading.similarity import SimilarPair
from runner.grading.sources import SubmissionSource, create_folder_source
from tests.support import helpers
from tests.support.sample_grades import (
    ALL_GRADES,
    ATTACK_GRADE,
    BONUS,
    ERROR,
    FAILED,
    FAILED_RUN,
    HARMLESS_GRADE,
    HIDDEN,
    PASSED,
    SKIPPED,
    make_grade,
)

CLASSROOM50 = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")
# A name with invisible characters is refused in a grade book.
GRADE_BOOK_GRADES = (*ALL_GRADES[:3], replace(ATTACK_GRADE, submission="evil"))
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


@pytest.fixture(autouse=True)
def _in_classroom50(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CLASSROOM50:
        monkeypatch.setenv(name, f"the-{name.lower()}")
    monkeypatch.setenv("USERNAME", "ada")


def test_no_control_characters() -> None:
    """No report contains characters that a terminal interprets or that change the direction of text."""
    for name in reports.FILE_FORMATS:
        grades = (ATTACK_GRADE,) if name in reports.SINGLE_SUBMISSION_FORMATS else ALL_GRADES
        grades = GRADE_BOOK_GRADES if name in reports.GRADE_BOOK_FORMATS else grades
        text = reports.render_report(name, grades).replace("\r\n", "\n")
        assert [] == CONTROL.findall(text), name
        text.encode("utf-8")


@pytest.mark.parametrize("name", sorted(set(reports.FORMATS) - {"json"}))
def test_hidden_checks_stay_hidden(name: str, tmp_path: Path) -> None:
    """Reports for students contain the points of hidden checks, but neither their names nor their messages."""
    reports.write_report(name, tmp_path / "report", (make_grade(PASSED, HIDDEN),), ())
    for text in _texts(tmp_path):
        for word in ("secret", "test_secret_one"):
            assert word not in text


@pytest.mark.parametrize("name", sorted(set(reports.FORMATS) - {"json"}))
def test_pairs_stay_hidden(name: str, tmp_path: Path) -> None:
    """Reports for students, and learners' pages, do not mention similar submissions."""
    ada, bob = make_grade(PASSED), make_grade(PASSED, submission="bob")
    shown = (ada,) if name in reports.SINGLE_SUBMISSION_FORMATS else (ada, bob)
    reports.write_report(name, tmp_path / "report", shown, (SimilarPair(0, 1, 0.9, 30, ("written by both",)),))
    for index in tmp_path.glob("report/index.*"):
        assert "written by both" in index.read_text("utf-8")
        index.unlink()
    assert [] == [text for text in _texts(tmp_path) if "written by both" in text or "alike" in text]


def _texts(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("name", reports.FORMATS)
def test_linear(name: str, tmp_path: Path) -> None:
    """Twice as many grades take twice the work to write."""
    grades = [replace(ALL_GRADES[number % 4], submission=f"s{number}") for number in range(80)]

    def write(count: int) -> None:
        batches = [grades[:count]]
        if name in reports.SINGLE_SUBMISSION_FORMATS:
            batches = [[make_grade(PASSED, FAILED, submission=f"s{number}")] for number in range(count)]
        for batch in batches:
            reports.write_report(name, tmp_path / f"report-{count}", batch, ())

    write(1)
    few, more, most = (helpers.count_calls(partial(write, count)) for count in (20, 40, 80))
    assert most - more < 2.1 * (more - few)


def _cases(grades: Sequence[Grade]) -> dict[str, list[TestCase]]:
    suites = JUnitXml.fromstring(reports.render_report("junit", grades).encode())
    return {suite.name: list(suite) for suite in suites}


def test_junit() -> None:
    """JUnit XML has one suite per submission and one case per check; failures and errors are different."""
    cases = _cases(ALL_GRADES)
    assert ["ada", "bob", "eve"] == list(cases)[:3]
    ada, bob, eve = (cases[name] for name in ("ada", "bob", "eve"))
    kinds = [[type(result) for result in case.result] for case in (*ada, *bob, *eve)]
    assert [[], [Failure], [Skipped], [], [Failure], [], [Error], [Error]] == kinds
    assert ("tiny.find", "It is found", "on node1: 2; expected: 3") == (
        ada[1].classname,
        ada[1].name,
        ada[1].result[0].message,
    )


def test_junit_counts() -> None:
    """The counts of a suite match its cases, because some readers rely on them."""
    root = ElementTree.fromstring(reports.render_report("junit", ALL_GRADES))
    for suite in root:
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == len(suite.findall(f"testcase/{tag}"))
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))


def test_junit_attack() -> None:
    """Text that looks like XML stays text."""
    (case, other) = next(iter(_cases((ATTACK_GRADE,)).values()))
    assert "<script>" in case.result[0].message
    assert "b" == other.name


def test_tap() -> None:
    """A TAP reader finds each check once; checks that could not run are skipped, and the run bails out."""
    text = reports.render_report("tap", ALL_GRADES)
    lines = list(Parser().parse_text(text))
    tests = [line for line in lines if line.category == "test"]
    assert [True, False, True, True, False] == [test.ok for test in tests[:5]]
    assert [False, False, True, False, False, False, True] == [test.skip for test in tests[:7]]
    assert [] == [test for test in tests if test.todo]
    (plan,) = [line for line in lines if line.category == "plan"]
    assert plan.expected_tests == len(tests) == 9
    (bail,) = [line for line in lines if line.category == "bail"]
    assert "bob: checks worth 1 point could not run" in bail.reason


def test_tap_of_complete_grades() -> None:
    """If every check could run, the run does not bail out."""
    assert "Bail out!" not in reports.render_report("tap", (make_grade(PASSED, FAILED),))


def _rows(name: str, grades: Sequence[Grade] = GRADE_BOOK_GRADES, delimiter: str = ",") -> list[list[str]]:
    text = reports.render_report(name, grades).removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_csv() -> None:
    """The table has one row per submission, with points by step; unreliable points are left out."""
    head, ada, bob, eve, _ = _rows("csv")
    assert ["submission", "lab", "earned", "possible", "percent", "complete", "look", "find", "hidden", "note"] == head
    assert ["ada", "tiny", "1.5", "6.5", "23.08", "yes", "1", "0.5", "0", ""] == ada
    assert ["bob", "tiny", "", "2", "", "no", "1", "0", ""] == bob[:9]
    assert ["eve", "tiny", "", "0", "", "no", "", "", ""] == eve[:9]


def test_csv_for_excel() -> None:
    """Excel finds UTF-8 by the mark at the beginning, and gets semicolons and decimal commas where it needs them."""
    assert reports.render_report("csv", ALL_GRADES[:1]).startswith("\ufeffsubmission,lab,")
    assert reports.render_report("csv-semicolon", ALL_GRADES[:1]).startswith("\ufeffsubmission;lab;")
    _, ada = _rows("csv-semicolon", ALL_GRADES[:1], ";")
    assert ["ada", "tiny", "1,5", "6,5", "23,08", "yes", "1", "0,5", "0", ""] == ada


@pytest.mark.parametrize("name", ["csv", "canvas", "moodle"])
def test_no_formulas(name: str) -> None:
    """No cell starts like a formula."""
    assert [] == [cell for row in _rows(name) for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("name", ["csv", "canvas", "moodle"])
@pytest.mark.parametrize("learner", ["-jan", "@handle", "+49 170 1234", "a;b", "00123", "Jos\u00e9", "o'neil", "字"])
def test_identifiers_stay_unchanged(name: str, learner: str) -> None:
    """An identifier is written as it is, because the grade book would not find the learner otherwise."""
    column = 3 if name == "canvas" else 0
    assert learner == _rows(name, (make_grade(PASSED, submission=learner),))[-1][column]
    decomposed = unicodedata.normalize("NFD", learner)
    assert learner == _rows(name, (make_grade(PASSED, submission=decomposed),))[-1][column]


@pytest.mark.parametrize("name", ["csv", "canvas", "moodle"])
@pytest.mark.parametrize(
    ("learner", "reason"),
    [
        ("=1+1", "as a formula"),
        ("-1+cmd|' /C calc'!A0", "as a formula"),
        ("@SUM(A1)", "as a formula"),
        ("x;=cmd()", "follows the semicolon"),
        ("a\u202eb", "invisible character"),
        ("a\nb", "invisible character"),
        (" ada", "a space"),
    ],
)
def test_identifiers_that_cannot_stay_unchanged(name: str, learner: str, reason: str, tmp_path: Path) -> None:
    """An identifier that is not safe in a spreadsheet is refused, before and after grading, with the reason."""
    with pytest.raises(UsageError, match=reason):
        reports.render_report(name, (make_grade(PASSED, submission=learner),))
    with pytest.raises(UsageError, match=reason):
        reports.check_report_target(name, tmp_path / "report", [SubmissionSource(tmp_path, learner)])


@pytest.mark.parametrize("name", sorted(reports.GRADE_BOOK_FORMATS))
def test_two_learners_of_one_name(name: str) -> None:
    """Two grades of one name for one lab are refused: a grade book would keep one of them silently."""
    names = ("Jos\u00e9", "Jose\u0301")
    with pytest.raises(UsageError, match="2 submissions for 'tiny' have the name 'Jos\u00e9'"):
        reports.render_report(name, [make_grade(PASSED, submission=submission) for submission in names])
    other_lab = [replace(make_grade(PASSED), lab=lab) for lab in ("tiny", "other")]
    assert "ada" in reports.render_report(name, other_lab)


def test_canvas() -> None:
    """Canvas gets its columns, its row of possible points, and an empty cell if there is no grade."""
    head, possible, ada, bob, *_ = _rows("canvas", ALL_GRADES[:3])
    assert ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "tiny"] == head
    assert "Points Possible" == possible[0]
    assert ["ada", "", "", "ada", "", "1.5"] == ada
    assert "" == bob[-1]


IDENTITY = LearnerIdentity("Lovelace, Ada", "S-1", "4711", "-ada", "ada@example.org", "Lab; A")


def test_identity_in_grade_books() -> None:
    """With a roster, each grade book gets the identifiers by which it finds a learner, and tables get all of them."""
    grade = replace(make_grade(PASSED, submission="-ada"), identity=IDENTITY)
    assert ["Lovelace, Ada", "4711", "S-1", "-ada", "Lab; A", "1"] == _rows("canvas", (grade,))[-1]
    assert ("username", "-ada") == tuple(row[0] for row in _rows("moodle", (grade,)))
    by_mail = replace(grade, identity=replace(IDENTITY, login=""))
    assert ("email address", "ada@example.org") == tuple(row[0] for row in _rows("moodle", (by_mail,)))
    head, ada = _rows("csv", (grade,))
    row = dict(zip(head, ada, strict=True))
    expected = {"name": "Lovelace, Ada", "login": "-ada", "id": "S-1", "email": "ada@example.org"}
    assert expected == {key: row[key] for key in expected}


def test_moodle_needs_an_identifier() -> None:
    """Moodle's report is refused if the roster has only names, by which Moodle finds no learner."""
    grade = replace(make_grade(PASSED), identity=LearnerIdentity("Ada"))
    with pytest.raises(UsageError, match="needs a username, an e-mail address or an ID number"):
        reports.render_report("moodle", (grade,))


@pytest.mark.parametrize(
    ("adjustment", "text"),
    [
        (Adjustment("manual", 2, 5, "style", "well done"), "2 of 5 points for style: well done"),
        (Adjustment("manual", 1), "1 point added"),
        (Adjustment("manual", -1.5, comment="typos"), "1.5 points taken away: typos"),
        (Adjustment("manual", 0, comment="see me"), "see me"),
        (Adjustment("late", -0.0, comment="1 day late"), "1 day late"),
    ],
)
def test_describe_adjustment(adjustment: Adjustment, text: str) -> None:
    """A remark says how the points change and why; it begins with no sign, which a spreadsheet would interpret."""
    assert text == report_texts.describe_adjustment(adjustment)


MANUAL = Adjustment("manual", 2, 5, "the report", "well written")
LATE = Adjustment("late", -1.5, comment="2 days late")


@pytest.mark.parametrize("name", sorted(set(reports.FORMATS) - {"canvas"}))
def test_remarks(name: str, tmp_path: Path) -> None:
    """Manual points with their comments, and penalties with their reasons, are in every report that has texts."""
    grade = replace(make_grade(PASSED, FAILED), adjustments=(MANUAL, LATE))
    reports.write_report(name, tmp_path / "report", (grade,), ())
    text = " ".join(_texts(tmp_path)).replace("\\", "")
    assert ["well written", "2 days late"] == [word for word in ("well written", "2 days late") if word in text]


@pytest.mark.parametrize("name", ["canvas", "csv", "moodle"])
def test_points_with_adjustments(name: str) -> None:
    """The points in a grade book contain manual points and penalties, and so does the maximum."""
    grade = replace(make_grade(PASSED, FAILED), adjustments=(MANUAL, LATE))
    cells = _rows(name, (grade,))[-1]
    assert "1.5" in cells
    assert 8.5 == grade.score.possible


@pytest.mark.parametrize("name", ["html", "markdown", "pages", "markdown-pages", "json"])
def test_statistics(name: str, tmp_path: Path) -> None:
    """Reports on a class show how many have passed each check, and the mean of each step; hidden checks stay hidden."""
    bob = make_grade(PASSED, replace(FAILED, outcome=Outcome.PASSED, text=""), HIDDEN, submission="bob")
    reports.write_report(name, tmp_path / "report", (make_grade(PASSED, FAILED, HIDDEN), bob), ())
    index = next(iter([*tmp_path.glob("report/index.*"), tmp_path / "report"])).read_text("utf-8").replace("\\", "")
    assert ("mean 2.25 and median 2.25 of 5.5 points" in index) == (name != "json")
    assert "1.25" in index
    pages = [page.read_text("utf-8") for page in tmp_path.glob("report/learners/*")]
    assert [] == [page for page in pages if "median" in page]
    assert ("The secret exists" in index) == (name == "json")


def test_moodle() -> None:
    """Moodle gets user name, grade, and feedback on what is missing."""
    head, ada, *_ = _rows("moodle")
    assert ["username", "grade item", "grade", "feedback"] == head
    assert ["ada", "tiny", "1.5"] == ada[:3]
    assert "1.5 of 6.5 | It is found: on node1: 2; expected: 3 | It is gone: first finish 'Look'" in ada[3]


def test_markdown() -> None:
    """Markdown shows a table of all submissions, then each submission by steps."""
    html = MarkdownIt("commonmark").enable("table").render(reports.render_report("markdown", ALL_GRADES))
    assert "<td>ada</td>" in html
    assert '<td style="text-align:right">1.5 of 6.5</td>' in html
    assert "<h3>Find it: 0.5 of 3.5</h3>" in html


@pytest.mark.parametrize("name", ["markdown", "html", "gradescope"])
def test_values(name: str) -> None:
    """Reports show the learner and the values that the submission had to use, if there are any."""
    with_values, without_values = (
        reports.render_report(name, (make_grade(PASSED, learner=learner),)) for learner in ("ada", "")
    )
    assert all(word in with_values for word in ("Values for ada", "NAME is shop, PORT is 8561"))
    assert "Values for " not in without_values


def test_markdown_attack() -> None:
    """Text from a submission does not become HTML, a link or a row of the table."""
    html = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(reports.render_report("markdown", (ATTACK_GRADE,)))
    )
    assert [] == re.findall(r"<(?:script|a|img|em|strong|code)\b", html)
    assert 2 == html.count("<tr>")


def test_html() -> None:
    """The page is valid HTML, links from the table to each submission, and shows its checks and commands."""
    text = reports.render_report("html", ALL_GRADES)
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    page = parser.parse(text)
    targets = {element.get("id") for element in page.iter("section")}
    assert targets == {link.get("href").removeprefix("#") for link in page.iter("a")}
    assert 4 == len(targets)
    assert "on node1: 2; expected: 3" in text
    assert "it exited with 1, not with 0" in text


def test_html_attack() -> None:
    """Text from a submission adds no element to the page."""
    attacked, harmless = (
        html5lib.parse(reports.render_report("html", (grade,))) for grade in (ATTACK_GRADE, HARMLESS_GRADE)
    )
    assert [element.tag for element in harmless.iter()] == [element.tag for element in attacked.iter()]


GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!/|\\./|.*//)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def _gitlab(*grades: Grade) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = json.loads(reports.render_report("gitlab", grades))
    jsonschema.validate(data, GITLAB)
    return data


def test_gitlab() -> None:
    """The entries match GitLab's documentation; a failed check is at the line where its step begins."""
    entries = [
        (entry["severity"], entry["check_name"], entry["location"]["lines"]["begin"])
        for entry in _gitlab(ALL_GRADES[0])
    ]
    assert [
        ("minor", "labs/block", 7),
        ("major", "labs/test_found", 7),
        ("major", "labs/hidden_1", 1),
    ] == entries
    assert "class/ada/submission.md" == _gitlab(ALL_GRADES[0])[0]["location"]["path"]
    assert [] == _gitlab(replace(make_grade(PASSED), runs=()))


def test_gitlab_without_a_grade() -> None:
    """A check that could not run is reported as such, not as a failure."""
    entries = {
        entry["check_name"]: (entry["severity"], entry["description"]) for entry in _gitlab(make_grade(PASSED, ERROR))
    }
    assert ("info", "It answers: could not be checked: node1 is down. Start it.") == entries["labs/test_asked"]
    assert "critical" == entries["labs/complete"][0]


def test_gitlab_fingerprints() -> None:
    """All fingerprints differ, and an entry keeps its own when its line or text changes."""
    before = make_grade(PASSED, FAILED, problems=("submission.md:10: wrong", "submission.md:20: wrong"))
    before = replace(before, runs=(FAILED_RUN, FAILED_RUN, *before.runs))
    after = replace(before, problems=("submission.md:12: wrong", "submission.md:30: wrong"))
    after = replace(after, marks=tuple(replace(mark, text=f"{mark.text}.") for mark in after.marks))
    fingerprints = [entry["fingerprint"] for entry in _gitlab(before)]
    assert fingerprints == [entry["fingerprint"] for entry in _gitlab(after)]
    assert len(set(fingerprints)) == len(fingerprints) == 6
    assert set(fingerprints).isdisjoint(entry["fingerprint"] for entry in _gitlab(replace(before, folder="class/bob")))


def test_gitlab_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path is relative to the folder where the job started, however the submission was named."""
    monkeypatch.chdir(tmp_path)
    for named, path in (
        (".", "submission.md"),
        ("./ada/", "ada/submission.md"),
        (str(tmp_path / "ada"), "ada/submission.md"),
    ):
        assert path == _gitlab(replace(make_grade(FAILED), folder=named))[0]["location"]["path"]


def test_gitlab_attack() -> None:
    """Text from a submission adds no entry, and the file is ASCII without a byte order mark."""
    assert len(_gitlab(HARMLESS_GRADE)) == len(_gitlab(ATTACK_GRADE))
    assert reports.render_report("gitlab", (ATTACK_GRADE,)).isascii()


def test_gradescope() -> None:
    """Gradescope gets a score, and the points and maximum of each check."""
    data = json.loads(reports.render_report("gradescope", (make_grade(PASSED, FAILED, SKIPPED),)))
    assert 1 == data["score"]
    assert [
        ("Look: It is looked at", 1, 1, "passed"),
        ("Find it: It is found", 0, 2.5, "failed"),
        ("Find it: It is gone", 0, 1, "failed"),
    ] == [(test["name"], test["score"], test["max_score"], test["status"]) for test in data["tests"]]


def test_gradescope_without_a_grade() -> None:
    """If a check could not run, Gradescope gets no score, so that it shows a failed autograder."""
    data = json.loads(reports.render_report("gradescope", (make_grade(PASSED, ERROR),)))
    assert {"score", "tests"} & set(data) == set()
    assert "could not run" in data["output"]


def test_classroom50() -> None:
    """Classroom 50 gets integers, the author from its own variables, and at most the maximum score."""
    integers = {
        key for key, value in _classroom50(make_grade(PASSED, FAILED, SKIPPED)).items() if isinstance(value, int)
    }
    assert {"score", "max-score"} == integers
    data = _classroom50(make_grade(PASSED, FAILED, BONUS))
    assert ("classroom50/result/v1", "individual", "ada") == (data["schema"], data["assignment_type"], data["owner"])
    assert (3, 7) == (data["score"], data["max-score"])
    assert [(True, 2, 2), (False, 0, 5), (True, 1, 1)] == [
        (test["passed"], test["score"], test["max-score"]) for test in data["tests"]
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", data["datetime"])


def test_classroom50_bonus() -> None:
    """A bonus can make up for missing points, but not exceed the maximum."""
    data = _classroom50(make_grade(PASSED, BONUS))
    assert data["score"] == data["max-score"]


def _classroom50(grade: Grade) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(reports.render_report("classroom50", (grade,)))
    return data


def test_classroom50_without_a_grade() -> None:
    """If a check could not run, no file is written, so that Classroom 50 shows an error."""
    with pytest.raises(HostError, match="could not run"):
        reports.render_report("classroom50", (make_grade(PASSED, ERROR),))


def test_classroom50_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of Classroom 50, the missing variables are reported."""
    monkeypatch.delenv("SUBMISSION_TAG")
    with pytest.raises(UsageError, match="needs the variables SUBMISSION_TAG"):
        reports.check_report_target("classroom50", Path("result.json"), [create_folder_source(Path("ada"))])


def test_annotations() -> None:
    """Every line is one of our own workflow commands; text that could start another one is escaped."""
    lines = reports.render_report("annotations", ALL_GRADES).splitlines()
    form = re.compile(r"::(notice|warning|error) (?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*::.*")
    assert [] == [line for line in lines if not form.fullmatch(line)]
    assert (
        "::notice file=class/ada/submission.md,line=7,title=Shell block::node1: it exited with 1, not with 0" in lines
    )


def test_single_submission_formats() -> None:
    """A format for one submission is refused for several before anything is graded."""
    with pytest.raises(UsageError, match="there are 2"):
        reports.check_report_target(
            "gradescope", Path("results.json"), [create_folder_source(Path(name)) for name in ("ada", "bob")]
        )


def test_no_folder(tmp_path: Path) -> None:
    """A report in a missing folder is refused before anything is graded."""
    with pytest.raises(UsageError, match=r"the folder .* does not exist"):
        reports.check_report_target("json", tmp_path / "none" / "grades.json", [create_folder_source(Path("ada"))])
    reports.check_report_target("json", tmp_path / "grades.json", [create_folder_source(Path("ada"))])
