"""The roster: the learners of a class, from a CSV file that an instructor or a course system has written.

The columns of these exports are known: Moodle's grading worksheet, participants and grade book; the grade book of
Canvas; the rosters of Gradescope, GitHub Classroom and Classroom 50.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.grading.classes.csv_table import CsvRow, CsvTable, read_csv_table
from runner.grading.grade_model import LearnerIdentity

# The headings of each column, in lower case. A column is what its first heading that exists says.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "full name", "fullname", "student", "student name", "learner", "display name"),
    "first_name": ("first name", "firstname", "first_name", "given name"),
    "last_name": ("last name", "lastname", "last_name", "surname", "family name"),
    "login": ("login", "username", "user name", "user", "login id", "sis login id"),
    "id": (
        *("sis user id", "sis id", "id number", "idnumber", "student id", "student_id", "sid", "matriculation number"),
        "id",
    ),
    "canvas_id": ("canvas id", "canvas user id"),
    "email": ("email", "email address", "e-mail", "e-mail address", "mail"),
    "section": ("section", "sections", "section name", "class"),
    "group": ("group", "group name", "team"),
    "github": ("github_username", "github username", "github"),
    "identifier": ("identifier", "participant"),
    "extension": ("extension", "extended due date", "due date", "due"),
    "submitted": ("submitted", "submitted at", "submission time", "last modified (submission)"),
    "status": ("status",),
}
_IDENTIFYING = ("name", "first_name", "last_name", "login", "id", "canvas_id", "email", "github", "identifier")
_PARTICIPANT = re.compile(r"\D*?(\d+)")
_EXTENSION_IN_STATUS = re.compile(r"Extension granted until:?\s*(.+?)(?:\s+-\s.*)?$")
_CANVAS_TEST_STUDENT = "Student, Test"


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A learner in a roster.

    Attributes:
        key: The identifier in reports: the login, or else the ID, the e-mail address or the name.
        identity: The learner as the grade book knows them.
        line: The line in the roster; 0 if there is no roster.
        group: The group that hands in together; empty if there is none.
        github: The user name on GitHub.
        participant: The number that Moodle uses for this learner in one assignment.
        extension: The learner's own due time, or how much later than that of the class it is, as written.
        submitted: When the learner handed in, as written.

    """

    key: str
    identity: LearnerIdentity
    line: int = 0
    group: str = ""
    github: str = ""
    participant: str = ""
    extension: str = ""
    submitted: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """The learners of a class.

    Attributes:
        path: The file.
        entries: The learners, in the order of the file.

    """

    path: Path
    entries: tuple[RosterEntry, ...]


def read_roster(path: Path) -> Roster:
    """Read a roster.

    Raises:
        UsageError: It cannot be read, no column identifies learners, or two learners have the same identifier.

    """
    table = read_csv_table(path)
    is_canvas = {"student", "id", "section"} <= set(table.columns)
    columns = _find_columns(table, is_canvas)
    if not any(column in columns for column in _IDENTIFYING):
        listed = ", ".join(filter(None, table.columns))
        raise UsageError(
            f"{path} has no column that identifies learners; its columns are: {listed}.",
            "Name a column 'login', 'id', 'email' or 'name' in its first row.",
        )
    entries = list(_deduplicate(_read_entries(table, columns, is_canvas)))
    if not entries:
        raise UsageError(f"{path} contains no learners.", "It needs one row per learner below the headings.")
    _check_unique(path, entries)
    return Roster(path, tuple(entries))


def _find_columns(table: CsvTable, is_canvas: bool) -> dict[str, str]:
    """Return the heading of each known column that the table has; Canvas calls the number of the account 'ID'."""
    columns: dict[str, str] = {}
    for column, headings in COLUMNS.items():
        heading = next((heading for heading in headings if heading in table.columns), None)
        if heading:
            columns[column] = heading
    if is_canvas:
        columns["canvas_id"] = "id"
        if columns["id"] == "id":
            del columns["id"]
    return columns


def _read_entries(table: CsvTable, columns: Mapping[str, str], is_canvas: bool) -> Iterator[RosterEntry]:
    for row in table.rows:
        if is_canvas and _is_canvas_extra_row(row):
            continue
        entry = _read_entry(row, columns)
        if not entry.key:
            raise UsageError(
                f"{table.path}:{row.line}: the row has no name, login, ID or e-mail address.",
                "Complete the row, or remove it.",
            )
        yield entry


def _is_canvas_extra_row(row: CsvRow) -> bool:
    """Return whether a row of the grade book of Canvas is about no learner."""
    name = row.cells.get("student", "")
    return name in ("", "Points Possible", _CANVAS_TEST_STUDENT)


def _read_entry(row: CsvRow, columns: Mapping[str, str]) -> RosterEntry:
    def get(column: str) -> str:
        return row.cells.get(columns[column], "") if column in columns else ""

    name = get("name") or " ".join(filter(None, (get("first_name"), get("last_name"))))
    learner_id, login, github, participant = get("id"), get("login"), get("github"), ""
    if "github" in columns:
        # GitHub Classroom's 'identifier' is what the teacher chose to identify students by.
        learner_id = learner_id if "login" in columns else (get("identifier") or learner_id)
    elif match := _PARTICIPANT.fullmatch(get("identifier")):
        participant = match[1]
    else:
        login = login or get("identifier")
    extension = get("extension")
    if match := _EXTENSION_IN_STATUS.search(get("status")):
        extension = extension or match[1]
    submitted = get("submitted")
    identity = LearnerIdentity(name, learner_id, get("canvas_id"), login, get("email"), get("section"))
    return RosterEntry(
        key=login or learner_id or identity.email or name or github or participant or identity.canvas_id,
        identity=identity,
        line=row.line,
        group=get("group"),
        github=github,
        participant=participant,
        extension=extension,
        submitted="" if submitted == "-" else submitted,
    )


def _deduplicate(entries: Iterable[RosterEntry]) -> Iterator[RosterEntry]:
    """Yield each learner once: a learner in two sections has a row in each of them in some exports."""
    seen = set()
    for entry in entries:
        identity = entry.identity
        values = (entry.key, identity.name, identity.id, identity.canvas_id, identity.email, entry.github)
        is_identified = bool(identity.login or identity.id or identity.canvas_id or identity.email)
        if values not in seen or not is_identified:
            yield entry
        seen.add(values)


# The key comes last: if it is a login or an ID, the message calls it that.
_UNIQUE_VALUES: dict[str, Callable[[RosterEntry], str]] = {
    "login": lambda entry: entry.identity.login,
    "ID": lambda entry: entry.identity.id,
    "Canvas ID": lambda entry: entry.identity.canvas_id,
    "e-mail address": lambda entry: entry.identity.email,
    "GitHub user name": lambda entry: entry.github,
    "participant number": lambda entry: entry.participant,
    "name": lambda entry: entry.key,
}


def _check_unique(path: Path, entries: Iterable[RosterEntry]) -> None:
    lines: dict[tuple[str, str], int] = {}
    for entry in entries:
        for noun, get_value in _UNIQUE_VALUES.items():
            value = get_value(entry)
            # To course systems, 'Jan' and 'jan' are the same.
            identifier = (noun, value.casefold())
            if value and identifier in lines:
                both = f"lines {lines[identifier]} and {entry.line}"
                raise UsageError(
                    f"{path}: the learners in {both} have the same {noun} '{value}'.",
                    "Correct the roster, or add a column 'login', 'id' or 'email' in which they differ.",
                )
            lines[identifier] = entry.line
